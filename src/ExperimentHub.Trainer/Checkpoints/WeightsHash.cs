using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ExperimentHub.Trainer.Checkpoints;

/// <summary>
/// One hash for the weights alone, equal where they are, whoever trained them and whatever the file says beside them: SHA-256 over the tensors in the
/// order of their names (by code unit), each as the UTF-8 line <c>name dtype [2,3]</c> with a line feed, followed by its bytes as the file holds
/// them.
/// </summary>
internal static class WeightsHash
{
    /// <returns>64 lower-case hex digits.</returns>
    public static string Of(IEnumerable<SafetensorsTensor> tensors)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            var shape = string.Join(',', tensor.Shape.Select(size => size.ToString(CultureInfo.InvariantCulture)));
            sha256.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name} {tensor.Dtype} [{shape}]\n"));
            sha256.AppendData(tensor.Data.Span);
        }

        return Convert.ToHexStringLower(sha256.GetHashAndReset());
    }
}
