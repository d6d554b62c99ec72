using System.Net;
using System.Net.Sockets;
using System.Text;
using ExperimentHub.TestHub;

namespace ExperimentHub.Web.Tests.Security;

/// <summary>A hub that listens on a Unix socket, which other users of the machine cannot reach.</summary>
public sealed class SocketTests : IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    private string Path => System.IO.Path.Combine(_data, "hub.sock");

    [Fact]
    public async Task Start_OnASocket_AnswersThereAloneAndOnlyToItsOwner()
    {
        await using (var hub = await HubProcess.StartAsync(_data, "--Hub:Socket=hub.sock"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_data));
            using var client = Client();
            // As ssh -L 5080:/path/hub.sock forwards it.
            Assert.Equal("Healthy", await client.GetStringAsync(new Uri("http://127.0.0.1:5080/readyz")));
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("http://localhost:5080/"))).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync(new Uri("http://evil.example/readyz"))).StatusCode);
            Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(client, "http://evil.example"));
            Assert.Equal(HttpStatusCode.Accepted, await PostAsync(client, "http://127.0.0.1:5080"));
            await hub.KillAsync();
        }

        // A killed hub leaves its socket; nobody listens there, so the next one takes its place.
        Assert.True(File.Exists(Path));
        await using var next = await HubProcess.StartAsync(_data, "--Hub:Socket=hub.sock");
        using var again = Client();
        Assert.Equal("Healthy", await again.GetStringAsync(new Uri("http://127.0.0.1:5080/healthz")));
    }

    [Fact]
    public async Task Start_OnASocketWhereSomebodyListens_IsRefused()
    {
        var folder = Directory.CreateTempSubdirectory("socket").FullName;
        var path = System.IO.Path.Combine(folder, "hub.sock");
        using var other = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen();
        var (code, errors) = await HubProcess.StartAndFailAsync(_data, $"--Hub:Socket={path}");
        Assert.Equal(1, code);
        Assert.Contains($"Another program listens on {path}", errors);
        Assert.True(File.Exists(path));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Start_OnASocketInPlaceOfAFile_LeavesTheFileAlone()
    {
        var path = System.IO.Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "mine");
        var (code, errors) = await HubProcess.StartAndFailAsync(_data, $"--Hub:Socket={path}");
        Assert.Equal(1, code);
        Assert.Contains("left alone", errors);
        Assert.Equal("mine", await File.ReadAllTextAsync(path));
        File.Delete(path);
    }

    [Fact]
    public async Task Start_OnASocketWithTooLongAPath_IsRefusedInWords()
    {
        var (code, errors) = await HubProcess.StartAndFailAsync(_data, $"--Hub:Socket={new string('s', 120)}");
        Assert.Equal(1, code);
        Assert.Contains("too long for a socket", errors);
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private HttpClient Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellation) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post,
            "http://127.0.0.1:5080/api/v1/runs")
        { Content = new StringContent("""{"experiment": "e"}""", Encoding.UTF8, "application/json") };
        request.Headers.Add("Origin", origin);
        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }
}
