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
/// <param name="Sha256">What it is, see <see cref="DatasetInfo.Identity"/>.</param>
internal sealed record ImageData(LabelledImages Train, LabelledImages Test, int Classes, string Sha256);
