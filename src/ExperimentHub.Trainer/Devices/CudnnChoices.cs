using System.Runtime.InteropServices;

namespace ExperimentHub.Trainer.Devices;

/// <summary>
/// Which of cuDNN's ways to convolve may be taken. Some add up in whatever order the GPU's threads come, so that the last bits of a sum are others
/// each time; torch has a switch that leaves them out, which is no part of its C interface. Nothing else that a program calls adds up in an order of
/// chance, by the sources of libtorch; it was never tried on a GPU (docs/gpu.md).
/// </summary>
internal static unsafe class CudnnChoices
{
    // at::globalContext(), at::Context::setDeterministicCuDNN(bool), at::Context::deterministicCuDNN() const; libtorch 2.10 exports all three, also
    // where it is built for the CPU.
    private const string Context = "_ZN2at13globalContextEv";
    private const string Set = "_ZN2at7Context21setDeterministicCuDNNEb";
    private const string Get = "_ZNK2at7Context18deterministicCuDNNEv";

    /// <summary>Of the process; false when it starts. libtorch must be loaded.</summary>
    /// <exception cref="TrainingFailure">This libtorch has no such switch, and it was to be set; nothing is promised that does not hold.</exception>
    public static bool AreDeterministic
    {
        get => In(LibTorch);
        set => SetIn(LibTorch, value);
    }

    // Found by its name among what is loaded, wherever that came from.
    private static nint LibTorch => NativeLibrary.Load("libtorch_cpu.so");

    internal static bool In(nint library) => ((delegate* unmanaged<nint, byte>)Function(library, Get))(GlobalContext(library)) != 0;

    internal static void SetIn(nint library, bool value)
    {
        // What cannot be switched on is off, so a run that does not ask for it is not refused.
        if (value || NativeLibrary.TryGetExport(library, Set, out _))
            ((delegate* unmanaged<nint, byte, void>)Function(library, Set))(GlobalContext(library), value ? (byte)1 : (byte)0);
    }

    private static nint GlobalContext(nint library) => ((delegate* unmanaged<nint>)Function(library, Context))();

    private static nint Function(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var function)
        ? function
        : throw new TrainingFailure($"This libtorch has no switch for deterministic convolutions ({name}).",
            "Run it without 'deterministic', or use the libtorch that the trainer is built with.");
}
