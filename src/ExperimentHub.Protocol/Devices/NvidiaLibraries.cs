namespace ExperimentHub.Protocol.Devices;

/// <summary>Where the libraries of NVIDIA's driver lie. The loader finds them by name on most systems, but not on all.</summary>
public static class NvidiaLibraries
{
    // NixOS; Windows, for Linux in its window (WSL); containers that are given the machine's driver.
    private static readonly string[] Folders = ["/run/opengl-driver/lib", "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64"];

    /// <summary>What to open, the first that is there: the name alone, and then it in the folders that a system may not tell its loader.</summary>
    public static IReadOnlyList<string> Places(string library) => [library, .. Folders.Select(folder => $"{folder}/{library}")];
}
