using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Models;

[Collection(nameof(Torch))]
public sealed class AugmentationProgramTests
{
    private const int Height = 14;
    private const int Width = 20;
    private const int Count = 400;

    [Fact]
    public void Shift_OneLitPixel_LandsOnEveryWholePlaceInReachAndKeepsItsValue()
    {
        using var scope = NewDisposeScope();
        var images = zeros(Count, 1, Height, Width);
        images[.., 0, 6, 9] = 0.75f;

        var moved = Augment(new AugmentationSpec { ShiftPixels = 2 }, images);

        Assert.All(moved.flatten(1).sum(1).data<float>().ToArray(), sum => Assert.Equal(0.75f, sum));
        var places = moved.flatten(1).argmax(1).data<long>().ToArray().Select(at => (Row: at / Width - 6, Column: at % Width - 9)).ToHashSet();
        Assert.Equal(25, places.Count);
        Assert.All(places, place => Assert.True(place.Row is >= -2 and <= 2 && place.Column is >= -2 and <= 2, $"{place}"));
    }

    [Fact]
    public void Shift_FullImage_LetsBackgroundIn()
    {
        using var scope = NewDisposeScope();

        var moved = Augment(new AugmentationSpec { ShiftPixels = 3 }, ones(Count, 1, Height, Width));

        Assert.Equal([0f, 1f], moved.unique().output.data<float>().ToArray());
        Assert.Equal((Height - 3) * (Width - 3), moved.flatten(1).sum(1).min().item<float>());
    }

    [Fact]
    public void Rotate_APixelOffTheMiddle_StaysAtItsDistanceWithinTheAngle()
    {
        using var scope = NewDisposeScope();
        // Five pixels to the right of the middle of an image that is wider than high: a turn must not become a shear.
        var images = zeros(Count, 1, Height, Width);
        images[.., 0, TensorIndex.Slice(6, 8), TensorIndex.Slice(14, 16)] = 1f;

        var turned = Augment(new AugmentationSpec { RotateDegrees = 30 }, images).reshape(Count, Height, Width);

        var mass = turned.sum(new long[] { 1, 2 });
        var rows = (turned.sum(2) * (arange(Height) - (Height - 1) / 2f)).sum(1) / mass;
        var columns = (turned.sum(1) * (arange(Width) - (Width - 1) / 2f)).sum(1) / mass;
        var angles = rows.atan2(columns).rad2deg();
        var distances = (rows.square() + columns.square()).sqrt();
        Assert.InRange(distances.min().item<float>(), 4.8, 5.2);
        Assert.InRange(distances.max().item<float>(), 4.8, 5.2);
        Assert.InRange(angles.min().item<float>(), -30.5, -27);
        Assert.InRange(angles.max().item<float>(), 27, 30.5);
    }

    [Fact]
    public void Erase_FullImages_LoseRectanglesOfTheRightSizeAndNumber()
    {
        using var scope = NewDisposeScope();

        var left = Augment(new AugmentationSpec { EraseProbability = 0.5 }, ones(Count, 1, Height, Width)).reshape(Count, Height, Width);

        var gone = 1 - left;
        var areas = gone.sum(new long[] { 1, 2 }).data<float>().ToArray();
        Assert.InRange(areas.Count(area => area > 0), 160, 240);
        // 2 % to 20 % of 280 pixels, with sides rounded to whole pixels.
        Assert.All(areas.Where(area => area > 0), area => Assert.InRange(area, 2, 68));
        var boxes = gone.amax(2).sum(1) * gone.amax(1).sum(1);
        Assert.Equal(areas, boxes.data<float>().ToArray());
    }

    private static Tensor Augment(AugmentationSpec augmentation, Tensor images)
    {
        random.manual_seed(3).Dispose();
        var program = new System.Text.StringBuilder("def augment(x: Tensor, pixels: Tensor) -> Tensor:\n    n = x.size(0)\n");
        AugmentationProgram.Write(augmentation, [1, Height, Width], line => program.Append("    ").Append(line).Append('\n'));
        using var compiled = jit.compile(program.Append("    return x\n").ToString());
        return compiled.invoke<Tensor>("augment", images, images);
    }
}
