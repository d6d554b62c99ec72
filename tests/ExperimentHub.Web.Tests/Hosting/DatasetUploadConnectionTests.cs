using System.Net;
using System.Net.Sockets;
using System.Text;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Tests.Datasets;

namespace ExperimentHub.Web.Tests.Hosting;

/// <summary>Uploads over real sockets to a real hub.</summary>
public sealed class DatasetUploadConnectionTests : IDisposable
{
    private readonly string _data = HubProcess.NewFolder();

    private string Datasets => Path.Combine(_data, "datasets");

    [Fact]
    public async Task Upload_LargerThanTheServersUsualLimit_IsTaken()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        var files = TinyIdx.Files();
        const int Count = 40_000;
        files["trainImages"] = [.. TinyIdx.Header(0x803, Count, 28, 28), .. new byte[Count * 784]];
        files["trainLabels"] = TinyIdx.Labels([.. Enumerable.Range(0, Count).Select(i => (byte)(i % 2))]);
        files["testImages"] = [.. TinyIdx.Header(0x803, 2, 28, 28), .. new byte[2 * 784]];
        using var content = new MultipartFormDataContent { { new StringContent("large"), "name" } };
        foreach (var (field, bytes) in files)
            content.Add(new ByteArrayContent(bytes), field, field);

        using var response = await hub.Http.PostAsync(new Uri("/api/v1/datasets", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Fact]
    public async Task Upload_ClientGoesAwayInTheMiddle_LeavesNothing()
    {
        await using var hub = await HubProcess.StartAsync(_data);
        Directory.CreateDirectory(Datasets);
        var (arrived, gone) = (new TaskCompletionSource(), new TaskCompletionSource());
        using var watcher = new FileSystemWatcher(Datasets);
        watcher.Created += (_, _) => arrived.TrySetResult();
        watcher.Deleted += (_, _) => gone.TrySetResult();
        watcher.EnableRaisingEvents = true;

        using (var client = new TcpClient())
        {
            await client.ConnectAsync(hub.Address.Host, hub.Address.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                $"POST /api/v1/datasets HTTP/1.1\r\nHost: {hub.Address.Authority}\r\nContent-Type: multipart/form-data; "
                    + "boundary=xyz\r\nContent-Length: 1000000\r\n\r\n"
                + "--xyz\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nbroken\r\n--xyz\r\nContent-Disposition: form-data; "
                + "name=\"trainImages\"; filename=\"f\"\r\n\r\nsome bytes"));
            await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Datasets));
    }

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }
}
