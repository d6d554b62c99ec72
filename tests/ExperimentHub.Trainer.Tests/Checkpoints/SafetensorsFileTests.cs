using System.Buffers.Binary;
using System.Text;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer.Tests.Checkpoints;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void Write_ThenRead_GivesTheSameContent()
    {
        var content = new SafetensorsContent(
            new Dictionary<string, string> { ["format"] = "pt", ["spec"] = """{"quoted":"ä"}""" },
            [new("empty", "I64", [0], Array.Empty<byte>()), new("fc.weight", "F32", [2, 3], Enumerable.Range(0, 24).Select(i => (byte)i).ToArray()),
                new("fc.bias", "F32", [2], new byte[8])]);
        using var file = new MemoryStream();

        SafetensorsFile.Write(file, content);

        var bytes = file.ToArray();
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);
        Assert.Equal((byte)'{', bytes[8]);
        var read = SafetensorsFile.Read(new MemoryStream(bytes));
        Assert.Equal(content.Metadata, read.Metadata);
        Assert.Equal(content.Tensors.Select(Text), read.Tensors.Select(Text));
    }

    [Fact]
    public void Write_ElementsOfSeveralSizes_PutsTheLargestFirst()
    {
        SafetensorsContent content = new(new Dictionary<string, string>(),
            [new("odd", "U8", [3], new byte[3]), new("bias", "F32", [1], new byte[4]), new("count", "I64", [], new byte[8])]);
        using var file = new MemoryStream();

        SafetensorsFile.Write(file, content);

        file.Position = 0;
        Assert.Equal(["count", "bias", "odd"], SafetensorsFile.Read(file).Tensors.Select(tensor => tensor.Name));
    }

    [Theory]
    [InlineData("shorter than its length field", 4, "shortest")]
    [InlineData("length without header", 8, "only 0 follow")]
    public void Read_ShortFile_IsRefused(string what, int size, string reason)
    {
        var file = new byte[size];
        if (size >= 8)
            BinaryPrimitives.WriteInt64LittleEndian(file, 10);

        Assert.True(Refusal(file).Contains(reason, StringComparison.Ordinal), what);
    }

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(101_000_000)]
    public void Read_HeaderLengthBeyondTheLimit_IsRefused(long length)
    {
        var file = new byte[64];
        BinaryPrimitives.WriteInt64LittleEndian(file, length);

        Assert.Contains("at most 100000000", Refusal(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", 12, "gaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "gaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8, "but 8 follow")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 4, "but 4 follow")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", 8, "needs 12 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "invalid offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "invalid offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,16]}}""", 8, "invalid offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8, "larger than any file")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1e99],"data_offsets":[0,8]}}""", 8, "not valid")]
    [InlineData("""{"a":{"dtype":"PICKLE","shape":[2],"data_offsets":[0,8]}}""", 8, "unknown type")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", 8, "not valid")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "not valid")]
    [InlineData("""{"__metadata__":{"format":1}}""", 0, "not valid")]
    [InlineData("""[1,2,3]""", 0, "'{'")]
    [InlineData("""{"a":{"dtype":""", 0, "not valid")]
    [InlineData("", 0, "'{'")]
    public void Read_HeaderThatBreaksARule_IsRefused(string header, int dataLength, string reason)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + text.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);

        Assert.Contains(reason, Refusal(file), StringComparison.Ordinal);
    }

    private static string Refusal(byte[] file) => Assert.Throws<InvalidDataException>(() => SafetensorsFile.Read(new MemoryStream(file))).Message;

    private static string Text(SafetensorsTensor tensor) =>
        $"{tensor.Name} {tensor.Dtype} [{string.Join(",", tensor.Shape)}] {Convert.ToHexString(tensor.Data.Span)}";
}
