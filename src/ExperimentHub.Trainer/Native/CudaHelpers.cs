namespace ExperimentHub.Trainer.Native;

/// <summary>
/// The compilers that cuDNN and NVRTC open at run time by a bare name (<c>libnvrtc.so.12</c>), which the loader finds in none of its usual places: a
/// Python installation lays each of NVIDIA's packages into a folder of its own. What is loaded already answers to its name, so they are opened first,
/// by file name, before torch's own libraries.
/// </summary>
internal static class CudaHelpers
{
    // In the order of their needs. "libnvrtc-builtins.so" is what NVRTC opens in its turn; "libnvrtc.alt.so" is another build of the same and is left
    // alone.
    private static readonly string[] Names = ["libnvJitLink.so.*", "libnvrtc-builtins.so*", "libnvrtc.so.*"];

    /// <summary>
    /// The files to open, for a folder of libtorch; of several with one name the first. Other folders than its own are those of NVIDIA's packages
    /// beside torch's in a Python installation.
    /// </summary>
    public static IReadOnlyList<string> Find(string folder)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in Names)
            foreach (var place in Places(folder))
                foreach (var file in Directory.EnumerateFiles(place, name).Order(StringComparer.Ordinal))
                    found.TryAdd(Path.GetFileName(file), file);
        return [.. found.Values];
    }

    /// <summary>Opens them.</summary>
    /// <returns>What did not load and why; torch trains without it unless cuDNN wants to compile.</returns>
    /// <exception cref="TrainingFailure">One of them is cut off.</exception>
    public static IReadOnlyList<string> Preload(string folder)
    {
        var problems = new List<string>();
        foreach (var file in Find(folder))
        {
            LibTorch.RequireWhole(file);
            if (SharedLibrary.Open(file).Problem is { } problem)
                problems.Add($"{Path.GetFileName(file)} does not load: {problem}");
        }

        return problems;
    }

    private static IEnumerable<string> Places(string folder)
    {
        yield return folder;
        var packages = Path.GetFullPath(Path.Combine(folder, "..", "..", "nvidia"));
        if (!Directory.Exists(packages))
            yield break;
        // CUDA 12: nvidia/cuda_nvrtc/lib, nvidia/nvjitlink/lib. CUDA 13: all in nvidia/cu13/lib.
        foreach (var place in Directory.EnumerateDirectories(packages).Order(StringComparer.Ordinal).Select(package => Path.Combine(package, "lib"))
            .Where(Directory.Exists))
            yield return place;
    }
}
