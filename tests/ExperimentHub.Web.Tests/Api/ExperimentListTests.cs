using System.Net;

namespace ExperimentHub.Web.Tests.Api;

public sealed class ExperimentListTests
{
    [Fact]
    public async Task List_PageByPage_HasEachOnceTheNewestRunFirst()
    {
        await using var app = new HubApp();
        foreach (var name in (string[])["a", "b", "c", "d", "e"])
            await app.PostAsync("/api/v1/experiments", $$"""{"name": "{{name}}"}""");
        await app.PostAsync("/api/v1/runs", """{"experiment": "b"}""");

        var (names, token) = (new List<string>(), "");
        do
        {
            var (response, page) = await app.GetAsync($"/api/v1/experiments?pageSize=2{token}");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.InRange(page!["items"]!.AsArray().Count, 1, 2);
            names.AddRange(page["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
            token = page["nextPageToken"]?.GetValue<string>() is { } next ? $"&pageToken={next}" : "";
        }
        while (token.Length > 0 && names.Count < 10);

        Assert.Equal(["b", "e", "d", "c", "a"], names);
        Assert.Equal(names, (await app.GetAsync("/api/v1/experiments")).Body!["items"]!.AsArray().Select(item => item!["name"]!.GetValue<string>()));
    }

    [Theory]
    [InlineData("pageSize=0", "pageSize", "from 1 to 500")]
    [InlineData("pageSize=501", "pageSize", "from 1 to 500")]
    [InlineData("pageSize=two", "pageSize", "from 1 to 500")]
    [InlineData("pageToken=x", "pageToken", "no page token")]
    [InlineData("pageToken=-1-1", "pageToken", "no page token")]
    [InlineData("pageToken=7fffffffffffffff-1", "pageToken", "no page token")]
    [InlineData("archived=yes", "archived", "true or false")]
    public async Task List_WrongParameter_Is400ThatNamesIt(string query, string field, string words)
    {
        await using var app = new HubApp();
        var (response, body) = await app.GetAsync($"/api/v1/experiments?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(words, Assert.Single(body!["errors"]!.AsObject()).Value![0]!.GetValue<string>());
        Assert.NotNull(body["errors"]![field]);
    }
}
