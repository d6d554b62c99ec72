using System.Net.Http.Json;

namespace ExperimentHub.Web.Tests.Layout;

public sealed class StartTests
{
    /// <summary>start.js says so itself and saves the browser the question. A package that brings some has to be named there.</summary>
    [Fact]
    public async Task Packages_ScriptsBeforeTheStart_AreNone()
    {
        using var app = new HubApp();
        using var http = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/_blazor/initializers");
        request.Headers.Add("Origin", http.BaseAddress!.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("Sec-Fetch-Site", "same-origin");
        using var answer = await http.SendAsync(request);
        Assert.Empty((await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<string[]>())!);
    }
}
