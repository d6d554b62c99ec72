using ExperimentHub.Trainer.Epochs;

namespace ExperimentHub.Trainer.Tests.Epochs;

public sealed class BlockSizeTests
{
    [Fact]
    public void Took_FastSteps_GrowsStepwiseToTheTarget()
    {
        var block = new BlockSize();
        var sizes = new List<int>();
        for (var i = 0; i < 5; i++)
        {
            sizes.Add(block.Steps);
            block.Took(block.Steps, TimeSpan.FromMilliseconds(0.1 * block.Steps));
        }

        Assert.Equal([1, 8, 64, 500, 500], sizes);
    }

    [Fact]
    public void Took_StepsLongerThanTheTarget_IsOneStep()
    {
        var block = new BlockSize();

        block.Took(1, TimeSpan.FromSeconds(3));

        Assert.Equal(1, block.Steps);
    }
}
