using ExperimentHub.Protocol.Models;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class PyTorchSnippetTests
{
    [Fact]
    public void PyTorchSnippet_EveryModel_NamesEveryLayerWithParameters()
    {
        foreach (var model in ModelCatalog.All)
        {
            var python = PyTorchSnippet.For(model, "weights.safetensors");
            foreach (var step in ModelOutline.Of(model.Layers).Steps.Where(step => step.Parameters > 0))
                Assert.Contains($"self.{step.Name} = nn.", python, StringComparison.Ordinal);
            Assert.Contains("load_file(\"weights.safetensors\")", python, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void PyTorchSnippet_SmallCnn_FlattensToTheSizeThatTheConvolutionsLeave() =>
        Assert.Contains("self.fc1 = nn.Linear(800, 256)", PyTorchSnippet.For(ModelCatalog.Get(ModelCatalog.SmallCnn), "w.safetensors"), StringComparison.Ordinal);
}
