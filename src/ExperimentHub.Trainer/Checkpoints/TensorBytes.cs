using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>Between torch's tensors, on any device, and those of a file. Bits are copied, never converted.</summary>
internal static class TensorBytes
{
    public static SafetensorsTensor Save(string name, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return new SafetensorsTensor(name, Dtype(tensor), tensor.shape, tensor.detach().cpu().contiguous().bytes.ToArray());
    }

    /// <summary>Overwrites the target, which has the saved tensor's type and shape.</summary>
    public static void Load(Tensor target, SafetensorsTensor saved)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        var values = empty(target.shape, dtype: target.dtype);
        saved.Data.Span.CopyTo(values.bytes);
        target.copy_(values);
    }

    /// <summary>The values of an F64 tensor.</summary>
    public static double[] Doubles(SafetensorsTensor saved) => MemoryMarshal.Cast<byte, double>(saved.Data.Span).ToArray();

    /// <summary>The format's name of the tensor's element type.</summary>
    public static string Dtype(Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => "F32",
        ScalarType.Float64 => "F64",
        ScalarType.Int64 => "I64",
        ScalarType.Byte => "U8",
        var type => throw new NotSupportedException($"Tensors of {type} are not saved."),
    };
}
