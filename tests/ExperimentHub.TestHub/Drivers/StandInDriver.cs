using System.Diagnostics;

namespace ExperimentHub.TestHub.Drivers;

/// <summary>
/// Libraries that stand in for NVIDIA's on machines without a GPU: small C files, built by the machine's own compiler and opened as the real ones
/// are. A test that needs them is skipped where there is no compiler.
/// </summary>
public sealed class StandInDriver : IDisposable
{
    // The names in gpus.h.
    public const string NoDevice = "NO_DEVICE";
    public const string Unlike = "UNLIKE";
    public const string Lost = "LOST";
    public const string Divided = "DIVIDED";
    public const string OldDriver = "OLD_DRIVER";
    public const string AncientDriver = "ANCIENT_DRIVER";
    public const string NoPermission = "NO_PERMISSION";
    public const string NoFabric = "NO_FABRIC";
    public const string Updated = "UPDATED";

    /// <param name="machine">One of the names above.</param>
    public StandInDriver(string machine)
    {
        Build(Sources("nvml.c"), Nvml, $"-D{machine}");
        Build(Sources("cuda.c"), Path.Combine(Folder, "libcuda.so.1"), $"-D{machine}", "-Wl,-soname,libcuda.so.1");
    }

    /// <summary>Where both lie, for LD_LIBRARY_PATH.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("stand-in-driver-").FullName;

    public string Nvml => Path.Combine(Folder, "libnvidia-ml.so.1");

    /// <summary>Builds a shared library.</summary>
    public static void Build(string source, string library, params string[] options)
    {
        Xunit.Assert.SkipUnless(Compiler is not null, "No C compiler (cc) on this machine; on Debian: apt-get install gcc libc6-dev");
        using var compiler = Process.Start(new ProcessStartInfo(Compiler!,
            ["-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source, .. options])
        { RedirectStandardError = true })!;
        var errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        Xunit.Assert.True(compiler.ExitCode == 0, errors);
    }

    /// <summary>Builds a shared library from C code.</summary>
    public static void BuildFrom(string code, string library, params string[] options)
    {
        var source = $"{library}.c";
        File.WriteAllText(source, code);
        Build(source, library, options);
        File.Delete(source);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string? Compiler { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, "cc")).FirstOrDefault(File.Exists);

    private static string Sources(string name) => Path.Combine(Repository.Root, "tests", "ExperimentHub.TestHub", "Drivers", name);
}
