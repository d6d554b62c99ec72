using ExperimentHub.Protocol.Models;
using ExperimentHub.Trainer.Datasets;
using ExperimentHub.Trainer.Models;
using static TorchSharp.torch;

namespace ExperimentHub.Trainer.Tests.Gpu;

/// <summary>What the program of a case gives on the CPU, in any style and precision, beginning with weights by a formula.</summary>
internal sealed class ProgramRun
{
    private readonly ProofCase _case;
    private readonly ProgramStyle _style;
    private readonly ModelOutline _outline;
    private readonly List<float> _losses = [];

    /// <param name="style">One that has its images as bytes or numbers; see <see cref="ProgramStyle.Images"/>.</param>
    /// <param name="block">The most steps in one call.</param>
    public ProgramRun(ProofCase proof, ProgramStyle style, int block = int.MaxValue)
    {
        (_case, _style) = (proof, style);
        _outline = ModelOutline.Of(proof.Spec.Model, proof.Shape);
        Assert.Empty(_outline.Problems);
        Text = StepProgram.Write(proof.Spec, _outline, style);
        using var withoutOneDnn = style.AvoidsOneDnnErrors ? null : OneDnn.Unused();
        Run(block);
    }

    public string Text { get; }

    /// <summary>Of each step.</summary>
    public IReadOnlyList<float> Losses => _losses;

    /// <summary>Images that were right when their step came.</summary>
    public long Correct { get; private set; }

    /// <summary>Sum of the numbers and of their absolute values, of each parameter and buffer after the last step.</summary>
    public IReadOnlyDictionary<string, double[]> Sums { get; private set; } = new Dictionary<string, double[]>();

    /// <summary>Shape, and whether it begins as a sine, as ones or as zeros.</summary>
    public IReadOnlyList<(string Name, long[] Shape, string Initial)> Parameters { get; private set; } = [];

    /// <inheritdoc cref="Parameters"/>
    public IReadOnlyList<(string Name, long[] Shape, string Initial)> Buffers { get; private set; } = [];

    private void Run(int block)
    {
        using var scope = NewDisposeScope();
        using var withoutGradients = no_grad();
        set_num_threads(1);
        var spec = _case.Spec;
        using var network = NetworkBuilder.Build(_outline);
        GiveFormulaWeights(network);
        Parameters = [.. network.named_parameters().Select(entry => (entry.name, entry.parameter.shape, Initial(entry.name, entry.parameter)))];
        Buffers = [.. network.named_buffers().Select(entry => (entry.name, entry.buffer.shape, Initial(entry.name, entry.buffer)))];
        Tensor[] parameters = [.. network.parameters().Select(parameter => parameter.detach())];
        Tensor[] buffers = [.. network.named_buffers().Select(entry => entry.buffer)];
        using var state = new OptimizerState(spec.Optimizer, [.. Parameters.Select(entry => entry.Name)], parameters);
        using var images = DeviceImages.MoveTo(CPU, _case.Images(), _style.Images);
        var (pixels, labels) = images.Tensors;
        var targets = eye(_case.Classes).mul_(1 - spec.LabelSmoothing).add_(spec.LabelSmoothing / _case.Classes);
        var steps = EpochBatches.StepsFor(ProofCase.Count, spec.BatchSize);
        var (rates, seeds) = (Rates(_case), Seeds(_case));
        using var program = jit.compile(Text);
        for (var epoch = 0; epoch < spec.Epochs; epoch++)
        {
            using var batches = new EpochBatches(images, ProofCase.Order(epoch + 1), epoch + 1, spec.BatchSize);
            for (var first = 0; first < steps; first += block)
            {
                var count = Math.Min(block, steps - first);
                var from = (epoch * steps) + first;
                var results = program.invoke<Tensor[]>(StepProgram.Block, pixels, labels, batches.Order, targets, tensor(-1f), parameters, buffers,
                    state.FirstMoments, state.SecondMoments, state.Steps,
                    tensor(rates[from..(from + count)]), tensor(seeds[from..(from + count)]), first, count, spec.BatchSize);
                _losses.AddRange(results[0].data<float>());
                Correct += results[1].item<long>();
            }
        }

        Sums = network.state_dict().ToDictionary(entry => entry.Key,
            entry => (double[])[entry.Value.to(float64).sum().item<double>(), entry.Value.to(float64).abs().sum().item<double>()]);
    }

    public static double[] Rates(ProofCase proof) =>
        PerStep(proof, (epoch, step, steps) => proof.Spec.LearningRateAt(((epoch - 1L) * steps) + step, steps));

    public static long[] Seeds(ProofCase proof) => PerStep(proof, (epoch, step, _) => RandomState.SeedOf(proof.Spec.Seed, epoch, step));

    private static T[] PerStep<T>(ProofCase proof, Func<int, int, int, T> of)
    {
        var steps = EpochBatches.StepsFor(ProofCase.Count, proof.Spec.BatchSize);
        return [.. from epoch in Enumerable.Range(1, proof.Spec.Epochs) from step in Enumerable.Range(0, steps) select of(epoch, step, steps)];
    }

    private static string Initial(string name, Tensor tensor) =>
        name.EndsWith("running_var", StringComparison.Ordinal) || (name.EndsWith(".weight", StringComparison.Ordinal) && tensor.dim() == 1) ? "one"
        : tensor.abs().sum().to(float64).item<double>() == 0 ? "zero" : "sine";

    /// <summary>The k-th number of a weight and of its bias is sin(k) divided by the root of the fan-in, from k = 1.</summary>
    private static void GiveFormulaWeights(nn.Module<Tensor, Tensor> network)
    {
        var parameters = network.state_dict();
        foreach (var (name, weight) in parameters.Where(entry => entry.Key.EndsWith(".weight", StringComparison.Ordinal) && entry.Value.dim() > 1))
        {
            var scale = 1 / Math.Sqrt(weight[0].NumberOfElements);
            foreach (var tensor in new[] { weight, parameters[name.Replace(".weight", ".bias", StringComparison.Ordinal)] })
                tensor.copy_(from_array(Enumerable.Range(1, (int)tensor.NumberOfElements).Select(k => (float)(scale * Math.Sin(k))).ToArray())
                    .reshape(tensor.shape));
        }
    }
}
