using System.Globalization;
using System.Text;
using ExperimentHub.Protocol.Models;

namespace ExperimentHub.Web.Runs;

/// <summary>Python that opens a checkpoint: the same network with the same parameter names, so that <c>load_state_dict</c> accepts the file as it is.</summary>
internal static class PyTorchSnippet
{
    public static string For(ModelInfo model, string fileName)
    {
        var outline = ModelOutline.Of(model.Layers);
        var className = model.Name.Replace(" ", "", StringComparison.Ordinal);
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
                images = torch.zeros(1, 1, 28, 28)  # your images, [n, 1, 28, 28]
                digits = model(images).argmax(dim=1)
            """;
    }

    private static string? Module(LayerOutline step) => step.Layer switch
    {
        LinearLayer linear => $"nn.Linear({step.Input[0]}, {linear.OutFeatures})",
        ConvLayer conv => $"nn.Conv2d({step.Input[0]}, {conv.OutChannels}, kernel_size={conv.Kernel}"
            + (conv.Stride == 1 ? "" : $", stride={conv.Stride}") + (conv.Padding == 0 ? "" : $", padding={conv.Padding}") + ")",
        _ => null,
    };

    private static string Call(LayerOutline step) => step.Layer switch
    {
        FlattenLayer => "torch.flatten(x, 1)",
        MaxPoolLayer pool => $"nn.functional.max_pool2d(x, {pool.Kernel})",
        ActivationLayer { Function: Activations.Relu } => "torch.relu(x)",
        _ => $"self.{step.Name}(x)",
    };
}
