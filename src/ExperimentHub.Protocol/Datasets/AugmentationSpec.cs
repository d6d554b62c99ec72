using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Datasets;

/// <summary>
/// Random changes of the training images, drawn anew for each image in each epoch and made on the device. What they uncover is background, the
/// darkest value.
/// </summary>
public sealed record AugmentationSpec
{
    public const double MaxRotateDegrees = 180;

    /// <summary>Shifted by up to this many whole pixels in each direction.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ShiftPixels { get; init; }

    /// <summary>Turned about its middle by up to this many degrees to either side, bilinear.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double RotateDegrees { get; init; }

    /// <summary>Probability that a rectangle of 2 % to 20 % of the image becomes background (Zhong et al. 2017).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double EraseProbability { get; init; }

    [JsonIgnore]
    public bool DoesNothing => ShiftPixels == 0 && RotateDegrees == 0 && EraseProbability == 0;

    internal void Check(ProblemList problems, ImageShape shape)
    {
        var most = Math.Min(shape.Height, shape.Width) / 2;
        problems.Require(ShiftPixels >= 0 && ShiftPixels <= most, "augmentation.shiftPixels",
            $"Images of {shape.Height} x {shape.Width} can be shifted by 0 to {most} pixels; {ShiftPixels} is not in between.");
        problems.Require(RotateDegrees is >= 0 and <= MaxRotateDegrees, "augmentation.rotateDegrees",
            $"The angle must be from 0 to {MaxRotateDegrees} degrees; {RotateDegrees} is not.");
        problems.Require(EraseProbability is >= 0 and <= 1, "augmentation.eraseProbability",
            $"A probability is a number from 0 to 1; {EraseProbability} is not.");
    }
}
