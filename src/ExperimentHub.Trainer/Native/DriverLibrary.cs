using ExperimentHub.Protocol.Devices;

namespace ExperimentHub.Trainer.Native;

/// <summary>
/// Opens CUDA's part of NVIDIA's driver wherever it lies. Once it is open it answers to its name, also to CUDA's libraries and to the calls of
/// <see cref="Devices.CudaDriver"/>, which know no more of it.
/// </summary>
internal static class DriverLibrary
{
    public const string Name = "libcuda.so.1";

    /// <returns>Why it does not open; null where it is open.</returns>
    public static string? Open() => OpenFirst(NvidiaLibraries.Places(Name));

    /// <param name="places">Names for the loader, or paths.</param>
    internal static string? OpenFirst(IEnumerable<string> places)
    {
        string? why = null;
        foreach (var place in places.Where(place => !Path.IsPathRooted(place) || File.Exists(place)))
        {
            // Of a file that is there it tells more than of a name that was not found.
            why = SharedLibrary.Open(place).Problem;
            if (why is null)
                return null;
        }

        return why;
    }
}
