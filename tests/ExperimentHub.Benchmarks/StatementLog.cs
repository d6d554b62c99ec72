namespace ExperimentHub.Benchmarks;

/// <summary>The statements that a hub executes, as <c>StartupHook</c> writes them down inside it.</summary>
internal sealed class StatementLog : IDisposable
{
    /// <summary>Names the file to the hub.</summary>
    public const string Variable = "EXPERIMENTHUB_STATEMENTS";

    private const string Hook = "DOTNET_STARTUP_HOOKS";
    private readonly string _path = Path.GetTempFileName();
    private int _seen;

    /// <summary>Hubs that are started from now on write here.</summary>
    public StatementLog()
    {
        Environment.SetEnvironmentVariable(Variable, _path);
        Environment.SetEnvironmentVariable(Hook, typeof(StatementLog).Assembly.Location);
    }

    /// <summary>A statement on one line.</summary>
    public static string Line(string statement) => string.Join(' ', statement.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>The questions asked since the last call. What is written, and what is read for it, is not a page's doing.</summary>
    public IReadOnlyList<string> Questions()
    {
        string[] all = [.. ReadAll()];
        var since = all[_seen..];
        _seen = all.Length;
        return [.. since.Where(line => line.StartsWith("SELECT", StringComparison.OrdinalIgnoreCase)
            || line.StartsWith("WITH", StringComparison.OrdinalIgnoreCase))];
    }

    private IEnumerable<string> ReadAll()
    {
        using var file = new StreamReader(new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (file.ReadLine() is { } line)
            yield return line;
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Variable, null);
        Environment.SetEnvironmentVariable(Hook, null);
        File.Delete(_path);
    }
}
