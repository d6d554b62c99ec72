using System.Globalization;
using System.Text;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Protocol.Optimization;

namespace ExperimentHub.Trainer.Models;

/// <summary>
/// Writes the training of any network as one TorchScript function that takes a block of steps: batch, forward, loss, backward, update. One call then
/// trains many steps without a word between .NET and torch; docs/decisions/0013-training-step.md says what that is worth. The way back is written out
/// layer by layer with the functions that autograd itself would call, so that nothing has to be recorded first.
/// </summary>
internal static class StepProgram
{
    /// <summary>The function's name.</summary>
    public const string Block = "block";

    // torch's numbers for its types; the program knows no names for them.
    private const int Float32 = 6;
    private const int BFloat16 = 15;

    /// <summary>What the program does, which decides all that its text depends on.</summary>
    /// <param name="spec">Valid: torch ends the process over a program that it cannot read.</param>
    /// <param name="style">Of the device that runs it.</param>
    public static string Write(TrainingSpec spec, ModelOutline outline, ProgramStyle style)
    {
        var precise = spec.Precision != Precisions.Bf16;
        var body = new StringBuilder();
        void Line(string line, int indent = 2) => body.Append(' ', indent * 4).Append(line).Append('\n');

        body.Append(
            "def block(pixels: Tensor, labels: Tensor, order: Tensor, targets: Tensor, minus_one: Tensor, parameters: List[Tensor], buffers: "
                + "List[Tensor], "
            + "first_moments: List[Tensor], second_moments: List[Tensor], steps: List[Tensor], rates: Tensor, seeds: Tensor, first: int, count: "
            + "int, batch: int) -> List[Tensor]:\n");
        NameParameters(outline, Line);
        Line("losses: List[Tensor] = []", 1);
        Line("norms: List[Tensor] = []", 1);
        Line("scores: List[Tensor] = []", 1);
        Line("no_tensors: List[Tensor] = []", 1);
        Line("images = order.size(0)", 1);
        if (style.FewLaunches)
            PrepareBlock(Line);
        Line("for i in range(count):", 1);
        Line("start = (first + i) * batch");
        Line("n = min(batch, images - start)");
        if (DrawsRandomNumbers(spec, outline))
            Line("torch.manual_seed(int(seeds[i]))");
        Line("chosen = order.narrow(0, start, n)");
        Line(style.FewLaunches ? "share = shares.narrow(0, i * batch, n)" : "target = targets.index_select(0, labels.index_select(0, chosen))");
        if (style.Images is not null)
        {
            Line("x0 = pixels.index_select(0, chosen)");
        }
        else
        {
            Line($"x = pixels.index_select(0, chosen).to({Float32}).div_(255.0)");
            if (spec.Augmentation is { DoesNothing: false } augmentation)
                AugmentationProgram.Write(augmentation, outline.Steps[0].Input, line => Line(line));
            // ToTensor and Normalize((0.5,), (0.5,)): (x - 0.5) / 0.5 rounds as 2 x - 1 does, since doubling is exact.
            Line("x0 = torch.add(minus_one, x, alpha=2)");
        }

        if (!precise)
        {
            if (style.Images is null)
                Line($"x0 = x0.to({BFloat16})");
            foreach (var index in Multiplying(outline))
            {
                Line($"w{index}_low = w{index}.to({BFloat16})");
                Line($"b{index}_low = b{index}.to({BFloat16})");
            }
        }

        var firstTrained = outline.Steps.ToList().FindIndex(step => step.Parameters > 0);
        var layers = outline.Steps.Select((_, index) => LayerProgram.Of(outline, index, needsInputGradient: index > firstTrained, precise, style))
            .ToList();
        foreach (var line in layers.SelectMany(layer => layer.Forward))
            Line(line);

        // The mean cross-entropy against the (smoothed) targets, and its gradient by the scores.
        Line($"out = x{outline.Steps.Count}{(precise ? "" : $".to({Float32})")}");
        Line("scores.append(out)");
        Line("log_odds = torch.log_softmax(out, 1)");
        Line(style.FewLaunches ? "losses.append((share * log_odds).sum())" : "losses.append((target * log_odds).sum().div_(-n))");
        Line($"g = {(style.FewLaunches ? $"torch._log_softmax_backward_data(share, log_odds, 1, {Float32})" : "log_odds.exp_().sub_(target).div_(n)")}{(precise ? "" : $".to({BFloat16})")}");
        foreach (var line in layers.AsEnumerable().Reverse().SelectMany(layer => layer.Backward))
            Line(line);

        Line($"gradients = [{string.Join(", ", Trained(outline).Select(index => $"dw{index}, db{index}"))}]");
        if (spec.GradientNorm || spec.Optimizer.ClipNorm is not null)
            Line("norm = torch.stack(torch._foreach_norm(gradients, 2)).norm()");
        if (spec.GradientNorm)
            Line("norms.append(norm)");
        if (spec.Optimizer.ClipNorm is { } clip)
            Line($"torch._foreach_mul_(gradients, ({Number(clip)} / (norm + 1e-6)).clamp_max(1.0))");
        foreach (var line in UpdateLines(spec.Optimizer))
            Line(line);

        if (!style.FewLaunches)
            Line("seen = labels.index_select(0, order.narrow(0, first * batch, min(count * batch, images - first * batch)))", 1);
        Line("correct = torch.cat(scores).argmax(1).eq(seen).sum()", 1);
        Line(spec.GradientNorm ? "return [torch.stack(losses), correct, torch.stack(norms)]" : "return [torch.stack(losses), correct]", 1);
        return body.ToString();
    }

    /// <summary>Where this is false, a step is a function of the weights and the batch alone.</summary>
    public static bool DrawsRandomNumbers(TrainingSpec spec, ModelOutline outline) =>
        spec.Augmentation is { DoesNothing: false } || outline.Steps.Any(step => step.Layer is DropoutLayer { Probability: > 0 });

    /// <summary>
    /// The targets of all steps, also divided by what makes the mean of a batch: the gradient of its loss by the logarithms of the odds.
    /// </summary>
    private static void PrepareBlock(Action<string, int> line)
    {
        line("taken = min(count * batch, images - first * batch)", 1);
        line("seen = labels.index_select(0, order.narrow(0, first * batch, taken))", 1);
        line("wanted = targets.index_select(0, seen)", 1);
        line("shares = wanted.div(-batch)", 1);
        // The last batch of an epoch may be smaller.
        line("rest = taken % batch", 1);
        line("if rest > 0:", 1);
        line("shares.narrow(0, taken - rest, rest).copy_(wanted.narrow(0, taken - rest, rest).div_(-rest))", 2);
    }

    private static void NameParameters(ModelOutline outline, Action<string, int> line)
    {
        var (parameters, buffers) = (0, 0);
        foreach (var index in Trained(outline))
        {
            line($"w{index} = parameters[{parameters++}]", 1);
            line($"b{index} = parameters[{parameters++}]", 1);
            if (outline.Steps[index].Layer is not BatchNormLayer)
                continue;
            line($"mean_so_far{index} = buffers[{buffers++}]", 1);
            line($"variance_so_far{index} = buffers[{buffers++}]", 1);
            line($"batches{index} = buffers[{buffers++}]", 1);
        }
    }

    private static IEnumerable<int> Trained(ModelOutline outline) =>
        outline.Steps.Index().Where(step => step.Item.Parameters > 0).Select(step => step.Index);

    private static IEnumerable<int> Multiplying(ModelOutline outline) =>
        outline.Steps.Index().Where(step => step.Item.Layer is LinearLayer or ConvLayer).Select(step => step.Index);

    private static IEnumerable<string> UpdateLines(OptimizerSpec spec)
    {
        const string Rate = "float(rates[i])";
        var decay = Number(spec.WeightDecay);
        var epsilon = Number(spec.Epsilon ?? OptimizerSpec.UsualEpsilon);
        switch (spec.Kind)
        {
            case OptimizerSpec.Sgd:
                yield return $"torch._fused_sgd_(parameters, gradients, first_moments, weight_decay={decay}, momentum={Number(spec.Momentum ?? 0)}, "
                    + $"lr={Rate}, dampening=0.0, "
                    + $"nesterov={(spec.Nesterov ? "True" : "False")}, maximize=False, is_first_step=False)";
                break;

            case OptimizerSpec.Adam or OptimizerSpec.AdamW:
                yield return "steps[0].add_(1)";
                yield return $"torch._fused_{spec.Kind}_(parameters, gradients, first_moments, second_moments, no_tensors, steps, lr={Rate}, beta1={Number(spec.Beta1 ?? OptimizerSpec.UsualBeta1)}, "
                    + $"beta2={Number(spec.Beta2 ?? OptimizerSpec.UsualBeta2)}, weight_decay={decay}, eps={epsilon}, amsgrad=False, maximize=False)";
                break;

            case OptimizerSpec.RmsProp:
                var alpha = spec.Alpha ?? OptimizerSpec.UsualAlpha;
                if (spec.WeightDecay > 0)
                    yield return $"torch._foreach_add_(gradients, parameters, alpha={decay})";
                yield return $"torch._foreach_mul_(second_moments, {Number(alpha)})";
                yield return $"torch._foreach_addcmul_(second_moments, gradients, gradients, {Number(1 - alpha)})";
                yield return "spread = torch._foreach_sqrt(second_moments)";
                yield return $"torch._foreach_add_(spread, {epsilon})";
                yield return $"torch._foreach_addcdiv_(parameters, gradients, spread, -{Rate})";
                break;

            default:
                throw new TrainingFailure($"This trainer does not know the optimizer {spec.Kind}.",
                    "The hub and the trainer must be of the same version.");
        }
    }

    // The program tells 2 from 2.0.
    internal static string Number(double value) => value.ToString("0.0###############E+0", CultureInfo.InvariantCulture);
}
