#nullable disable
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading;

namespace ExperimentHub.Trainer.Native;

/// <summary>
/// Puts the largest libraries of TorchSharp's CUDA packages together. NuGet takes no files of a gigabyte, so a library comes as a first part in
/// <c>x-primary/…/runtimes/…/lib.so</c>, with the SHA-256 of the whole beside it (<c>lib.so.sha</c>), and the rest in
/// <c>x-fragment1/…/fragments/…/lib.so.fragment1</c> and so on. The packages bring a build step for it that two projects disturb each other in and
/// whose failures are easily missed; this one runs before it, leaves it nothing to do, and fails the build where a library is not whole.
/// </summary>
/// <remarks>Compiled twice, as LibTorchSharpPatch.cs is.</remarks>
public static class LibTorchFragments
{
    private const int MostFragments = 99;
    private const string Hash = ".sha";
    private const string Primary = "-primary";

    // Some gigabytes are written and read twice; a slow disk takes minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>Puts together whatever is in parts. Whoever else does the same in this package cache, in another process, is waited for.</summary>
    /// <param name="folders">The runtimes folders of the packages with first parts.</param>
    /// <param name="lockFile">One for the whole package cache.</param>
    /// <param name="say">Takes a line for the log.</param>
    /// <param name="patience">How long another build is waited for; null is <see cref="Patience"/>.</param>
    /// <exception cref="IOException">Another build did not end, or the lock cannot be had; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">A library cannot be made whole; the message says why and what to do.</exception>
    public static void PutTogether(IEnumerable<string> folders, string lockFile, Action<string> say, TimeSpan? patience = null)
    {
        // Cleared paths first: the items of the packages say "…/buildTransitive/netstandard2.0/../../runtimes/".
        var libraries = folders.Select(Path.GetFullPath).Distinct().OrderBy(folder => folder, StringComparer.Ordinal).SelectMany(Libraries).ToList();
        if (!libraries.Any(library => Fragments(library).Count > 0))
            return;
        using (Lock(lockFile, say, patience ?? Patience))
        {
            foreach (var library in libraries)
                PutTogether(library, say);
        }
    }

    /// <summary>Every first part that the folder has or should have: also one that is gone and whose hash is there.</summary>
    private static IEnumerable<string> Libraries(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => file.EndsWith(Hash, StringComparison.Ordinal) ? file.Substring(0, file.Length - Hash.Length) : file)
            .Distinct().OrderBy(file => file, StringComparer.Ordinal)
        : Enumerable.Empty<string>();

    private static void PutTogether(string library, Action<string> say)
    {
        // Looked at anew: whoever held the lock before may have done it.
        var fragments = Fragments(library);
        if (fragments.Count == 0)
            return;
        if (!File.Exists(library))
            throw Broken(library, "its first part is gone");
        if (!File.Exists(library + Hash))
            throw Broken(library, "its SHA-256 is gone");
        var expected = File.ReadAllText(library + Hash).Trim();

        // An earlier build may have ended between putting it together and deleting the parts.
        if (!string.Equals(HashOf(library), expected, StringComparison.OrdinalIgnoreCase))
        {
            for (var i = 0; i < fragments.Count; i++)
            {
                if (!fragments[i].EndsWith(".fragment" + (i + 1), StringComparison.Ordinal))
                    throw Broken(library, "part " + (i + 1) + " is missing");
            }

            say(Path.GetFileName(library) + " is put together from " + (fragments.Count + 1) + " parts.");
            // In the same folder, so that the last step is a rename: the library has its first part or is whole, whenever the build ends.
            var whole = library + ".whole";
            using (var output = new FileStream(whole, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                foreach (var part in new[] { library }.Concat(fragments))
                {
                    using (var input = File.OpenRead(part))
                        input.CopyTo(output, 1 << 20);
                }

                output.Flush(true);
            }

            if (!string.Equals(HashOf(whole), expected, StringComparison.OrdinalIgnoreCase))
            {
                File.Delete(whole);
                throw Broken(library, "its parts do not give the file that its SHA-256 speaks of");
            }

            File.Delete(library);
            File.Move(whole, library);
        }

        // The first one last: as long as it is there, a build that is repeated comes by here.
        foreach (var fragment in Enumerable.Reverse(fragments))
            File.Delete(fragment);
    }

    /// <summary>The parts of a library that are there, by number.</summary>
    private static List<string> Fragments(string library)
    {
        var found = new List<string>();
        var at = library.LastIndexOf(Primary, StringComparison.Ordinal);
        if (at < 0)
            return found;
        var inside = library.Substring(at + Primary.Length).Replace("runtimes", "fragments");
        for (var number = 1; number <= MostFragments; number++)
        {
            var fragment = library.Substring(0, at) + "-fragment" + number + inside + ".fragment" + number;
            if (File.Exists(fragment))
                found.Add(fragment);
        }

        return found;
    }

    private static InvalidDataException Broken(string library, string why) => new InvalidDataException(
        "The library " + library + " cannot be put together: " + why + ". Delete the folders of its packages ("
        + library.Substring(0, library.LastIndexOf(Primary, StringComparison.Ordinal)) + "-*) and build again, so that they are fetched anew.");

    private static string HashOf(string file)
    {
        using (var sha = SHA256.Create())
        using (var input = File.OpenRead(file))
            return string.Concat(sha.ComputeHash(input).Select(part => part.ToString("x2", CultureInfo.InvariantCulture)));
    }

    /// <summary>The system takes the lock back when its holder ends, however it ends.</summary>
    private static FileStream Lock(string file, Action<string> say, TimeSpan patience)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file)));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var waited = 0; ; waited++)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException problem) when (File.Exists(file))
            {
                // On some file systems there are no locks, and every try says so.
                if (clock.Elapsed >= patience)
                {
                    throw new IOException("libtorch cannot be put together: the lock of the package cache (" + file + ") was not free for "
                        + Math.Round(patience.TotalMinutes)
                        + " minutes (" + problem.Message
                        + "). End other builds that use this cache, or let NUGET_PACKAGES name a folder on a local disk, and build again.", problem);
                }

                if (waited == 0)
                    say("Another build puts libtorch together; waiting for it.");
                Thread.Sleep(200);
            }
        }
    }
}

#if !LIBTORCHSHARP_PATCH_ALONE
/// <summary>The build step.</summary>
public sealed class PutLibTorchTogether : Microsoft.Build.Utilities.Task
{
    public Microsoft.Build.Framework.ITaskItem[] Folders { get; set; }

    [Microsoft.Build.Framework.Required]
    public string LockFile { get; set; }

    public override bool Execute()
    {
        try
        {
            LibTorchFragments.PutTogether((Folders ?? new Microsoft.Build.Framework.ITaskItem[0]).Select(folder => folder.ItemSpec), LockFile,
                line => Log.LogMessage(Microsoft.Build.Framework.MessageImportance.High, line));
            return true;
        }
        catch (Exception problem) when (problem is InvalidDataException || problem is IOException || problem is UnauthorizedAccessException)
        {
            Log.LogError(problem.Message);
            return false;
        }
    }
}
#endif
