using ExperimentHub.Web.Layout;

namespace ExperimentHub.Web.Tests.Layout;

public sealed class PageQueryTests
{
    private static readonly PageQuery Query = PageQuery.Of("?a=1&A=2&blank=%20&empty=&list=x,y&list=z&list=z&list=&flag=TRUE&other=1");

    [Fact]
    public void One_SeveralValues_IsTheLastThatSaysSomething()
    {
        Assert.Equal(["2", null, null, null], new[] { "a", "blank", "empty", "missing" }.Select(Query.One));
        Assert.Equal(("2", ""), (Query.Fields["a"], Query.Fields["empty"]));
        Assert.False(Query.Fields.ContainsKey("missing"));
    }

    [Fact]
    public void List_SeveralPieces_IsAllOfThem()
    {
        Assert.Equal(["x,y", "z"], Query.All("list"));
        Assert.Equal("x,y,z", Query.Joined("list"));
        Assert.Null(Query.Joined("empty"));
        Assert.Empty(Query.All("missing"));
    }

    [Fact]
    public void Flag_AnythingButTrue_IsNotSet() => Assert.Equal([true, false, false], new[] { "flag", "other", "missing" }.Select(Query.Flag));
}
