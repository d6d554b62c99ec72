using System.Security.Cryptography;
using System.Text;
using ExperimentHub.Trainer.Checkpoints;

namespace ExperimentHub.Trainer.Tests.Checkpoints;

public sealed class WeightsHashTests
{
    private static readonly SafetensorsTensor Weight = new("fc.weight", "F32", [1, 2], new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 });
    private static readonly SafetensorsTensor Bias = new("fc.bias", "F32", [1], new byte[] { 9, 8, 7, 6 });

    [Fact]
    public void Of_AnyOrder_IsTheHashOfNamesTypesShapesAndBytesByName()
    {
        byte[] spelledOut = [.. Encoding.UTF8.GetBytes("fc.bias F32 [1]\n"), 9, 8, 7, 6, .. Encoding.UTF8.GetBytes("fc.weight F32 [1,2]\n"), 1, 2, 3,
            4, 5, 6, 7, 8];

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(spelledOut)), WeightsHash.Of([Weight, Bias]));
        Assert.Equal(WeightsHash.Of([Weight, Bias]), WeightsHash.Of([Bias, Weight]));
    }

    [Fact]
    public void Of_OtherShapeOrBits_IsAnother()
    {
        var hash = WeightsHash.Of([Weight]);

        Assert.NotEqual(hash, WeightsHash.Of([Weight with { Shape = [2, 1] }]));
        Assert.NotEqual(hash, WeightsHash.Of([Weight with { Data = new byte[] { 1, 2, 3, 4, 5, 6, 7, 9 } }]));
    }
}
