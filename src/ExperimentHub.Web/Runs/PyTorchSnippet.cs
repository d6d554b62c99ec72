using System.Globalization;
using System.Text;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Web.Runs;

/// <summary>
/// Python that opens a checkpoint: the same network with the same parameter names, so that <c>load_state_dict</c> accepts the file as it is.
/// </summary>
internal static class PyTorchSnippet
{
    public static string For(ModelSpec model, ImageShape shape, string fileName)
    {
        var outline = ModelOutline.Of(model, shape);
        var className = model.Kind == ModelCatalog.Layers
            ? "Network" : string.Concat((ModelCatalog.Find(model.Kind)?.Name ?? "Network").Where(char.IsAsciiLetterOrDigit));
        var modules = new StringBuilder();
        var forward = new StringBuilder();
        foreach (var step in outline.Steps)
        {
            if (Module(step) is { } module)
                modules.Append(CultureInfo.InvariantCulture, $"        self.{step.Name} = {module}\n");
            forward.Append(CultureInfo.InvariantCulture, $"        x = {Call(step)}\n");
        }

        return $"""
            # pip install torch safetensors
            import torch
            from torch import nn
            from safetensors.torch import load_file


            class {className}(nn.Module):
                def __init__(self):
                    super().__init__()
            {modules.ToString().TrimEnd('\n')}

                def forward(self, x):
            {forward.ToString().TrimEnd('\n')}
                    return x


            model = {className}()
            model.load_state_dict(load_file("{fileName}"))
            model.eval()

            # It was trained on pixels from -1 to 1, as these transforms make them:
            # transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
            with torch.no_grad():
                images = torch.zeros(1, 1, {shape.Height}, {shape.Width})  # your images, [n, 1, {shape.Height}, {shape.Width}]
                classes = model(images).argmax(dim=1)
            """;
    }

    private static string? Module(LayerOutline step) => step.Layer switch
    {
        LinearLayer linear => $"nn.Linear({step.Input[0]}, {linear.OutFeatures})",
        ConvLayer conv => $"nn.Conv2d({step.Input[0]}, {conv.OutChannels}, kernel_size={conv.Kernel}"
            + (conv.Stride == 1 ? "" : $", stride={conv.Stride}") + (conv.Padding == 0 ? "" : $", padding={conv.Padding}") + ")",
        BatchNormLayer => $"nn.BatchNorm{(step.Input.Count == 3 ? 2 : 1)}d({step.Input[0]})",
        _ => null,
    };

    private static string Call(LayerOutline step) => step.Layer switch
    {
        FlattenLayer => "torch.flatten(x, 1)",
        MaxPoolLayer pool => $"nn.functional.max_pool2d(x, {Window(pool.Kernel, pool.Stride, pool.Padding)})",
        AvgPoolLayer pool => $"nn.functional.avg_pool2d(x, {Window(pool.Kernel, pool.Stride, pool.Padding)})",
        ActivationLayer { Function: Activations.Relu or Activations.Tanh or Activations.Sigmoid } activation => $"torch.{activation.Function}(x)",
        ActivationLayer { Function: Activations.LeakyRelu } => "nn.functional.leaky_relu(x)",
        ActivationLayer activation => $"nn.functional.{activation.Function}(x)",
        DropoutLayer dropout => string.Create(CultureInfo.InvariantCulture, $"nn.functional.dropout(x, {dropout.Probability}, self.training)"),
        _ => $"self.{step.Name}(x)",
    };

    private static string Window(int kernel, int? stride, int padding) =>
        $"{kernel}{(stride is { } step && step != kernel ? $", stride={step}" : "")}{(padding == 0 ? "" : $", padding={padding}")}";
}
