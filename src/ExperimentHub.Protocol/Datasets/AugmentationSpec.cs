using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Datasets;

/// <summary>Random changes of the training images, drawn anew for each image in each epoch and made on the device.</summary>
public sealed record AugmentationSpec
{
    /// <summary>Shifted by up to this many pixels in each direction; what comes in is background.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ShiftPixels { get; init; }

    /// <summary>Turned by up to this many degrees to either side, bilinear.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double RotateDegrees { get; init; }

    /// <summary>Probability that a rectangle of 2 % to 20 % of the image becomes background (Zhong et al. 2017).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double EraseProbability { get; init; }

    [JsonIgnore]
    public bool DoesNothing => ShiftPixels == 0 && RotateDegrees == 0 && EraseProbability == 0;
}
