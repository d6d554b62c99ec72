using System.Runtime.InteropServices;

namespace ExperimentHub.Trainer.Tests;

/// <summary>
/// Programs for a GPU do not go around oneDNN's errors (docs/decisions/0013-training-step.md), so the CPU runs them without oneDNN, and without
/// NNPACK, which would take its place: through torch's own convolutions.
/// </summary>
internal sealed class OneDnn : IDisposable
{
    private OneDnn(bool used) => Use(used);

    public static OneDnn Unused() => new(used: false);

    public void Dispose() => Use(true);

    // at::globalContext(), at::Context::setUserEnabledMkldnn(bool), at::Context::setUserEnabledNNPACK(bool).
    private static void Use(bool used)
    {
        var torch = NativeLibrary.Load("libtorch_cpu.so");
        var context = Marshal.GetDelegateForFunctionPointer<GetContext>(NativeLibrary.GetExport(torch, "_ZN2at13globalContextEv"))();
        foreach (var set in new[] { "_ZN2at7Context20setUserEnabledMkldnnEb", "_ZN2at7Context20setUserEnabledNNPACKEb" })
            Marshal.GetDelegateForFunctionPointer<Set>(NativeLibrary.GetExport(torch, set))(context, used ? (byte)1 : (byte)0);
    }

    private delegate nint GetContext();

    private delegate void Set(nint context, byte value);
}
