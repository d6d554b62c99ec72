using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests;

[Collection(nameof(Torch))]
public sealed class FailuresTests
{
    // The words of libtorch 2.10.
    private const string CudaOutOfMemory =
        "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB of which 11.56 GiB is free. Process 77 has 25.00 "
            + "GiB memory in use. " +
        "Of the allocated memory 39.00 GiB is allocated by PyTorch, and 12.00 MiB is reserved by PyTorch but unallocated. If reserved but "
            + "unallocated memory is large " +
        "try setting PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True to avoid fragmentation.  See documentation for Memory Management";

    private const string CudaReason =
        "The GPU has too little free memory: CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB of which "
            + "11.56 GiB is free. " +
        "Process 77 has 25.00 GiB memory in use.";

    [Theory]
    [InlineData(CudaOutOfMemory + "\nException raised from malloc at CUDACachingAllocator.cpp:1", CudaReason)]
    [InlineData("The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript (most recent call last):\n  File \"x\", "
        + "line 3\nRuntimeError: " + CudaOutOfMemory, CudaReason)]
    [InlineData("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "The GPU has too little free memory: CUDA error: out of memory")]
    [InlineData("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "The GPU has too little free memory: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")]
    public void Explain_NoGpuMemory_SaysHowMuchWasAskedForAndWhatToDo(string words, string reason)
    {
        var known = Failures.Explain(new TorchError(words));

        Assert.Equal(reason, known.Message);
        Assert.Contains("smaller batch size", known.Remedy, StringComparison.Ordinal);
    }

    // The words of CUDA 12, cuBLAS and cuDNN 9 as libtorch passes them on.
    [Theory]
    [InlineData("CUDA error: no kernel image is available for execution on the device\nCUDA kernel errors might be asynchronously reported",
        "no code for this GPU", "EXPERIMENTHUB_LIBTORCH")]
    [InlineData("CUDA error: CUDA-capable device(s) is/are busy or unavailable\nCompile with `TORCH_USE_CUDA_DSA`", "used by another program alone",
        "nvidia-smi -c DEFAULT")]
    [InlineData("CUDA error: all CUDA-capable devices are busy or unavailable", "used by another program alone", "nvidia-smi -c DEFAULT")]
    [InlineData("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`", "too little free memory", "smaller batch size")]
    [InlineData("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED", "too little free memory", "smaller batch size")]
    [InlineData("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", "library for convolutions failed", "smaller batch size")]
    [InlineData("cuDNN error: CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH", "library for convolutions failed", "do not fit together")]
    [InlineData("GET was unable to find an engine to execute this computation", "found no way to compute this", "without 'deterministic'")]
    [InlineData("FIND was unable to find an engine to execute this computation after trying all plans", "found no way to compute this",
        "smaller batch size")]
    [InlineData("Unable to find a valid cuDNN algorithm to run convolution", "found no way to compute this", "smaller batch size")]
    [InlineData("CUDA error: CUDA driver version is insufficient for CUDA runtime version", "driver is too old", "newer driver")]
    [InlineData("CUDA error: uncorrectable ECC error encountered", "cannot be corrected", "another device")]
    [InlineData("CUDA error: an illegal memory access was encountered", "The GPU reported an error", "Start the run again")]
    public void Explain_TroubleOfAGpu_GetsTheAdviceThatFits(string words, string reason, string remedy)
    {
        var known = Failures.Explain(new TorchError(words));

        Assert.Contains(reason, known.Message, StringComparison.Ordinal);
        Assert.Contains(words.Split('\n')[0], known.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, known.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Explain_TorchAsksForMoreThanTheMachineHas_SaysHowMuchAndWhatToDo()
    {
        var failure = Assert.ThrowsAny<Exception>(() => zeros(1L << 45));

        var known = Failures.Explain(failure);

        Assert.Equal(
            $"The machine has too little free memory: can't allocate memory: you tried to allocate {1L << 47} bytes. Error code 12 (Cannot allocate "
                + "memory)", known.Message);
        Assert.Contains("smaller batch size", known.Remedy, StringComparison.Ordinal);
    }

    /// <summary>How TorchSharp passes libtorch's errors on.</summary>
    private sealed class TorchError(string words) : ExternalException(words);
}
