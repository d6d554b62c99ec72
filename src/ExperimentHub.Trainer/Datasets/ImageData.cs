using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Datasets;

/// <summary>Images with their labels in plain memory.</summary>
/// <param name="Images">Pixels [count, height, width].</param>
/// <param name="Labels">One per image, below the number of classes.</param>
internal sealed record LabelledImages(IdxImages Images, byte[] Labels)
{
    public int Count => Labels.Length;
}

/// <summary>A whole data set, verified and in memory, on no device yet.</summary>
/// <param name="Sha256">What it is, see <see cref="Identity"/>.</param>
internal sealed record ImageData(LabelledImages Train, LabelledImages Test, int Classes, string Sha256)
{
    /// <summary>
    /// One hash for a data set: SHA-256 over its files' SHA-256, each as 64 lower-case hex digits and a line feed, in the order train images, train labels,
    /// test images, test labels. The files' hashes are those of the uncompressed content and are compared with it whenever it is read.
    /// </summary>
    public static string Identity(IEnumerable<string> files) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(files.Select(sha256 => sha256 + "\n")))));
}
