using System.Globalization;
using System.Runtime.InteropServices;

namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// A process as the system sees it, whoever started it. The number alone says little, because it is given again; with the time of its start it means
/// one process until the machine is started anew.
/// </summary>
/// <param name="State">The kernel's letter: Z for one that has ended and was not looked at yet.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">The process that made its session.</param>
/// <param name="Started">In the kernel's clock ticks since the machine was started.</param>
internal readonly partial record struct SystemProcess(int Id, char State, int Parent, int Group, int Session, long Started)
{
    private const int SigKill = 9;

    /// <summary>A walk that kills still finds somebody new only if they multiply; nobody of ours does.</summary>
    private const int MostWalks = 20;

    /// <summary>null where there is no such process.</summary>
    public static SystemProcess? Find(int id)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            // The name stands in parentheses and may hold anything, also spaces and parentheses.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            int Number(int field) => int.Parse(fields[field], CultureInfo.InvariantCulture);
            return new SystemProcess(id, fields[0][0], Number(1), Number(2), Number(3), long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether this very process still does anything.</summary>
    public bool Lives => Find(Id) is { State: not 'Z' and not 'X' } now && now.Started == Started;

    /// <summary>
    /// Ends it and everything that it started. Nobody is stopped first to be killed later: whoever ended in between would leave them stopped for
    /// good. A process that leads a group goes with all of its group in one call of the system.
    /// </summary>
    public void KillWithDescendants()
    {
        // Their parent's number is what tells whose they are, and it is gone with the parent.
        var descendants = Descendants();
        Kill();
        for (var walk = 0; descendants.Count > 0 && walk < MostWalks; walk++)
        {
            var next = new List<SystemProcess>();
            foreach (var descendant in descendants.Where(d => d.Lives))
            {
                next.AddRange(descendant.Descendants());
                descendant.Kill();
            }

            descendants = next;
        }
    }

    private void Kill()
    {
        if (Find(Id) is not { } now || now.Started != Started)
            return;
        _ = Signal(now.Group == Id ? -Id : Id, SigKill);
    }

    /// <summary>
    /// Children with theirs, and the members of its session if it made one: these stay known when their parent has ended before them, and while there
    /// are any, the system gives the number to nobody else.
    /// </summary>
    private List<SystemProcess> Descendants()
    {
        var (id, since) = (Id, Started);
        var all = All().Where(p => p.Id != id && p.Started >= since).ToList();
        var found = all.Where(p => p.Parent == id || p.Session == id).ToList();
        for (var i = 0; i < found.Count; i++)
            found.AddRange(all.Where(p => p.Parent == found[i].Id && !found.Contains(p)));
        return found;
    }

    private static IEnumerable<SystemProcess> All() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? Find(id) : null)
        .OfType<SystemProcess>();

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
