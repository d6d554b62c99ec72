using ExperimentHub.Protocol.Datasets;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// Random changes of a batch in the language of <see cref="StepProgram"/>: <c>x</c>, [n, 1, height, width] from 0 to 1, becomes another of that
/// shape. What comes in from outside is 0, the background. The draws are the first of a step, eight for each image.
/// </summary>
internal static class AugmentationProgram
{
    // Random Erasing (Zhong et al. 2017): the part of the image that is erased, and the ratio of the rectangle's sides.
    private const double LeastArea = 0.02;
    private const double MostArea = 0.2;
    private const double MostRatio = 3.3;

    /// <param name="shape">Channels, height and width of an image.</param>
    public static void Write(AugmentationSpec augmentation, IReadOnlyList<int> shape, Action<string> line)
    {
        var (height, width) = (shape[1], shape[2]);
        line("u = torch.rand([n, 8], device=pixels.device)");
        if (augmentation.ShiftPixels > 0 || augmentation.RotateDegrees > 0)
            Move(augmentation, height, width, line);
        if (augmentation.EraseProbability > 0)
            Erase(augmentation.EraseProbability, height, width, line);
    }

    /// <summary>
    /// Turning and shifting is one look-up: where in the old image each new pixel lies. Whole pixels without a turn are taken as they are (mode 1,
    /// nearest), otherwise the four around are mixed (mode 0, bilinear); outside is 0.
    /// </summary>
    private static void Move(AugmentationSpec augmentation, int height, int width, Action<string> line)
    {
        var radians = StepProgram.Number(augmentation.RotateDegrees * Math.PI / 180);
        // Coordinates run from -1 to 1 on both sides, so that a pixel is 2 / size, and a turn of a rectangle is not one of a square.
        line($"angle = (u[:, 0] * 2 - 1) * {radians}");
        line($"shift = torch.floor(u[:, 1:3] * {2 * augmentation.ShiftPixels + 1}) - {augmentation.ShiftPixels}");
        line("cosine, sine = torch.cos(angle), torch.sin(angle)");
        line($"across = torch.stack([cosine, sine * {StepProgram.Number(-(double)height / width)}, shift[:, 0] * "
            + $"{StepProgram.Number(2.0 / width)}], 1)");
        line($"down = torch.stack([sine * {StepProgram.Number((double)width / height)}, cosine, shift[:, 1] * "
            + $"{StepProgram.Number(2.0 / height)}], 1)");
        line($"grid = torch.affine_grid_generator(torch.stack([across, down], 1), [n, 1, {height}, {width}], False)");
        line($"x = torch.grid_sampler_2d(x, grid, {(augmentation.RotateDegrees > 0 ? 0 : 1)}, 0, False)");
    }

    private static void Erase(double probability, int height, int width, Action<string> line)
    {
        var (least, most, ratio) =
            (StepProgram.Number(LeastArea * height * width), StepProgram.Number((MostArea - LeastArea) * height * width), StepProgram.Number(
                2 * Math.Log(MostRatio)));
        line($"area = u[:, 3] * {most} + {least}");
        // The ratio is as likely above 1 as below.
        line($"side = torch.exp((u[:, 4] - 0.5) * {ratio}).sqrt_()");
        line($"tall = torch.round(area.sqrt() * side).clamp_(1, {height})");
        line($"broad = torch.round(area.sqrt() / side).clamp_(1, {width})");
        line($"top = torch.floor(u[:, 5] * ({height} + 1 - tall))");
        line($"left = torch.floor(u[:, 6] * ({width} + 1 - broad))");
        line($"rows = torch.arange({height}, device=pixels.device).unsqueeze(0)");
        line($"columns = torch.arange({width}, device=pixels.device).unsqueeze(0)");
        line("in_rows = (rows >= top.unsqueeze(1)) & (rows < (top + tall).unsqueeze(1))");
        line("in_columns = (columns >= left.unsqueeze(1)) & (columns < (left + broad).unsqueeze(1))");
        line($"erased = in_rows.unsqueeze(2) & in_columns.unsqueeze(1) & (u[:, 7] < {StepProgram.Number(probability)}).unsqueeze(1).unsqueeze(2)");
        line("x = x.masked_fill(erased.unsqueeze(1), 0.0)");
    }
}
