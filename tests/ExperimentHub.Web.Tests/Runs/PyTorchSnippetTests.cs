using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Models;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class PyTorchSnippetTests
{
    [Fact]
    public void PyTorchSnippet_EveryModel_NamesEveryLayerWithParameters()
    {
        foreach (var kind in ModelCatalog.All.Select(model => model.Kind).Where(kind => kind != ModelCatalog.Layers))
        {
            var model = new ModelSpec { Kind = kind, BatchNorm = kind == ModelCatalog.Mlp };
            var python = PyTorchSnippet.For(model, DatasetCatalog.Mnist.Shape, "weights.safetensors");
            foreach (var step in ModelOutline.Of(model, DatasetCatalog.Mnist.Shape).Steps.Where(step => step.Parameters > 0))
                Assert.Contains($"self.{step.Name} = nn.", python, StringComparison.Ordinal);
            Assert.Contains("load_file(\"weights.safetensors\")", python, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void PyTorchSnippet_SmallCnn_FlattensToTheSizeThatTheConvolutionsLeave() =>
        Assert.Contains("self.fc1 = nn.Linear(800, 256)",
            PyTorchSnippet.For(new ModelSpec { Kind = ModelCatalog.SmallCnn }, DatasetCatalog.Mnist.Shape, "w.safetensors"),
            StringComparison.Ordinal);
}
