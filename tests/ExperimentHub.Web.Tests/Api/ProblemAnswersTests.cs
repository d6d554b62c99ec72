using System.Net;
using System.Text.Json.Nodes;
using ExperimentHub.Web.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ExperimentHub.Web.Tests.Api;

public sealed class ProblemAnswersTests
{
    [Theory]
    [InlineData("GET", "/api/v1/nothing", HttpStatusCode.NotFound, "/openapi/v1.json")]
    [InlineData("PATCH", "/api/v1/runs", HttpStatusCode.MethodNotAllowed, "GET")]
    [InlineData("PUT", "/api/v1/experiments/1/clone", HttpStatusCode.MethodNotAllowed, "POST")]
    [InlineData("GET", "/no-such-file.js", HttpStatusCode.NotFound, "")]
    public async Task Refusal_WithoutWordsOfItsOwn_IsAProblem(string method, string path, HttpStatusCode status, string word)
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        foreach (var accept in (string[])["*/*", "text/csv", "application/json"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            request.Headers.TryAddWithoutValidation("Accept", accept);
            using var response = await client.SendAsync(request);
            Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.Equal((int)status, problem["status"]!.GetValue<int>());
            Assert.Contains(word, problem["detail"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Refusal_OfAPage_IsAPage()
    {
        await using var app = new HubApp();
        using var client = app.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nothing");
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        using var response = await client.SendAsync(request);
        Assert.Equal((HttpStatusCode.NotFound, "text/html"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData("*/*", false, HttpStatusCode.InternalServerError, "application/problem+json")]
    [InlineData("text/csv", false, HttpStatusCode.InternalServerError, "application/problem+json")]
    [InlineData("text/html", false, HttpStatusCode.InternalServerError, "text/html")]
    [InlineData("*/*", true, HttpStatusCode.RequestTimeout, "application/problem+json")]
    public async Task Exception_AnyCaller_HasABody(string accept, bool ofTheCaller, HttpStatusCode status, string type)
    {
        using var host = await new HostBuilder().ConfigureWebHost(web => web.UseTestServer()
            .ConfigureServices(services => services.AddProblemDetails()).Configure(app =>
        {
            app.UseProblemAnswers();
            app.Run(_ =>
                throw (ofTheCaller ? new BadHttpRequestException("The body came too slowly.",
                    StatusCodes.Status408RequestTimeout) : new InvalidOperationException("secret")));
        })).StartAsync();
        using var client = host.GetTestClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/anything");
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await client.SendAsync(request);
        Assert.Equal((status, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync());
    }
}
