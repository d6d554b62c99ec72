using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Runs;

namespace ExperimentHub.Web.Tests.Runs;

public sealed class AddressedSelectionTests
{
    private static readonly RunId A = RunId.New(TimeProvider.System);
    private static readonly RunId B = RunId.New(TimeProvider.System);

    [Fact]
    public void Choose_TwiceBeforeTheAddressFollows_KeepsBoth()
    {
        var selection = new AddressedSelection();
        selection.Read(null);
        selection.Choose([A]);
        selection.Choose([A, B]);
        selection.Read($"{A}"); // of the first choice, late
        Assert.Equal([A, B], selection.Runs);
        selection.Read($"{A},{B}");
        selection.Read($"{B}"); // somebody went back
        Assert.Equal([B], selection.Runs);
    }

    [Fact]
    public void Choose_WhatIsChosen_WaitsForNoAddress()
    {
        var selection = new AddressedSelection();
        selection.Choose([]);
        selection.Read($"{A}");
        Assert.Equal([A], selection.Runs);
        selection.Choose([]);
        selection.Read(null);
        Assert.Null(selection.Text);
    }
}
