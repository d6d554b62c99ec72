using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ExperimentHub.Trainer.Epochs;

/// <summary>Numbers of one epoch after the other, with a hash that grows with them.</summary>
internal sealed class FigureList
{
    private readonly List<double> _numbers = [];
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public FigureList(IEnumerable<double> numbers)
    {
        foreach (var number in numbers)
            Add(number);
    }

    public IReadOnlyList<double> Numbers => _numbers;

    /// <summary>SHA-256 over the numbers so far, each as 8 bytes little-endian. 64 lower-case hex digits.</summary>
    public string Sha256 => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Add(double number)
    {
        _numbers.Add(number);
        Span<byte> bytes = stackalloc byte[sizeof(double)];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }
}
