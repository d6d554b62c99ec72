using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ExperimentHub.TestHub;

/// <summary>The smallest safetensors file that holds some bytes: one tensor of type U8.</summary>
public static class TinyCheckpoint
{
    public static byte[] Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    public static byte[] Of(byte[] content) =>
        With(string.Create(CultureInfo.InvariantCulture,
            $$$"""{"w":{"dtype":"U8","shape":[{{{content.Length}}}],"data_offsets":[0,{{{content.Length}}}]}}"""), content);

    /// <summary>A file with a header of the test's own, true or not.</summary>
    public static byte[] With(string header, byte[] content)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
        return [.. length, .. bytes, .. content];
    }
}
