using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace ExperimentHub.TestHub;

/// <summary>The built hub as a process of its own, on a free port, as a person starts it.</summary>
public sealed class HubProcess : IAsyncDisposable
{
    /// <summary>A hub as people have it, with its trainer that stands by.</summary>
    public const string WithStandby = "--Hub:StandbyMebibytes=512";

    private readonly Process _process;
    private readonly Task<string> _errors;

    private HubProcess(Process process, Uri address, string dataFolder)
    {
        _process = process;
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        Address = address;
        DataFolder = dataFolder;
        Http = new HttpClient { BaseAddress = address };
    }

    public Uri Address { get; }
    public string DataFolder { get; }
    public HttpClient Http { get; }
    public int Id => _process.Id;

    /// <summary>It takes a second or two; a machine that runs every test project at once takes longer.</summary>
    private static readonly TimeSpan ListensWithin = TimeSpan.FromMinutes(3);

    /// <summary>The longest training that a test or a measurement waits for.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(30);

    public static string NewFolder() => Path.Combine(Path.GetTempPath(), $"experimenthub-process-{Guid.NewGuid():N}");

    /// <summary>Where the data sets are cached between tests: the machine's own cache, or the folder that the variable names.</summary>
    public static string DatasetFolder { get; } = Environment.GetEnvironmentVariable("EXPERIMENTHUB_TEST_DATASETS") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "experimenthub", "datasets");

    /// <summary>Starts a hub and waits until it listens.</summary>
    /// <param name="dataFolder">Kept when the hub is disposed, so that a second hub can be started on it.</param>
    /// <param name="settings">
    /// More command-line settings, such as <c>--Hub:CpuSlots=2</c>. No trainer stands by unless they say <see cref="WithStandby"/>: whoever looks at
    /// a hub's children means those that train.
    /// </param>
    public static Task<HubProcess> StartAsync(string dataFolder, params string[] settings) => ListenAsync(Launch(dataFolder, settings), dataFolder);

    /// <summary>The same from another folder than the repository's, with nothing on the command line but the folders.</summary>
    public static Task<HubProcess> StartElsewhereAsync(string dataFolder, string workingDirectory, (string Name, string Value) variable) =>
        ListenAsync(Launch(dataFolder, [], workingDirectory, variable, anyPort: false), dataFolder);

    private static async Task<HubProcess> ListenAsync(Process process, string dataFolder)
    {
        using var limit = new CancellationTokenSource(ListensWithin);
        var said = new List<string>();
        while (await LineAsync() is { } line)
        {
            said.Add(line);
            if (line.IndexOf("Now listening on: ", StringComparison.Ordinal) is var at and >= 0)
                return new HubProcess(process, new Uri(line[(at + 18)..].Trim()), dataFolder);
        }

        async Task<string?> LineAsync()
        {
            try
            {
                return await process.StandardOutput.ReadLineAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                throw new InvalidOperationException(
                    $"The hub did not listen within {ListensWithin.TotalMinutes} minutes. It said: {string.Join('\n', said)}");
            }
        }

        throw new InvalidOperationException(
            $"The hub ended before it listened: {await process.StandardError.ReadToEndAsync(CancellationToken.None)}");
    }

    /// <summary>Starts a hub that is expected not to start.</summary>
    public static async Task<(int ExitCode, string Errors)> StartAndFailAsync(string dataFolder, params string[] settings)
    {
        using var process = Launch(dataFolder, settings);
        _ = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }

    /// <summary>Starts a hub and tells it to end before it may be up.</summary>
    public static async Task<(int ExitCode, string Errors)> StartAndTerminateAsync(string dataFolder, TimeSpan after, params string[] settings)
    {
        using var process = Launch(dataFolder, settings);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await Task.Delay(after);
        await Processes.SignalAsync(process.Id, "TERM");
        await process.WaitForExitAsync();
        await output;
        return (process.ExitCode, await errors);
    }

    /// <summary>Tells the hub to end, as a service manager does, and waits until it has.</summary>
    /// <returns>Its exit code, and what it wrote to standard error from start to end.</returns>
    public async Task<(int ExitCode, string Errors)> TerminateAsync()
    {
        await Processes.SignalAsync(_process.Id, "TERM");
        await _process.WaitForExitAsync();
        return (_process.ExitCode, await _errors);
    }

    /// <summary>Starts a hub and kills it (kill -9) before or soon after it listens.</summary>
    /// <param name="afterLine">Whether the delay begins when the hub says that it makes or updates its database, or when it is started.</param>
    /// <returns>Whether it had begun to make or update its database, and whether it listened already.</returns>
    public static async Task<(bool Began, bool Listened)> KillStartAsync(string dataFolder, bool afterLine, Func<TimeSpan> delay)
    {
        using var process = Launch(dataFolder, []);
        _ = process.StandardError.ReadToEndAsync();
        var (began, listened) = (false, false);
        var beginning = new TaskCompletionSource();
        var reading = Task.Run(async () =>
        {
            while (await process.StandardOutput.ReadLineAsync() is { } line)
            {
                began |= line.Contains("Making a new database", StringComparison.Ordinal) || line.Contains("Updating ", StringComparison.Ordinal);
                listened |= line.Contains("Now listening on", StringComparison.Ordinal);
                if (began || listened)
                    beginning.TrySetResult();
            }

            beginning.TrySetResult();
        });
        if (afterLine)
            await beginning.Task;
        await Task.Delay(delay());
        process.Kill();
        await process.WaitForExitAsync();
        await reading;
        return (began, listened);
    }

    /// <summary>kill -9: the hub gets no chance to say anything to anybody.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Starts a run through the API and waits for its end.</summary>
    /// <param name="request">The body of the request.</param>
    /// <param name="meanwhile">Called every quarter of a second until then.</param>
    /// <returns>The run as the API gives it.</returns>
    public async Task<JsonNode> FinishRunAsync(string request, Action? meanwhile = null)
    {
        var run = await StartRunAsync(request);
        using var limit = new CancellationTokenSource(EndsWithin);
        while (run["status"]!.GetValue<string>() is "queued" or "running")
        {
            meanwhile?.Invoke();
            await Task.Delay(250, limit.Token);
            run = await ReadRunAsync(run["id"]!.GetValue<string>());
        }

        return run;
    }

    public async Task<JsonNode> StartRunAsync(string request)
    {
        using var content = new StringContent(request, new MediaTypeHeaderValue("application/json"));
        using var response = await Http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), content);
        return JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
    }

    public async Task<JsonNode> ReadRunAsync(string id) =>
        JsonNode.Parse(await Http.GetStringAsync(new Uri($"/api/v1/runs/{id}", UriKind.Relative)))!;

    /// <summary>Resident memory in bytes.</summary>
    public long ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            await Processes.SignalAsync(_process.Id, "TERM");
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static Process Launch(
        string dataFolder, string[] settings, string? workingDirectory = null, (string Name, string Value)? variable = null, bool anyPort = true)
    {
        // The tests' own output folder tells the configuration that was built.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var hub = Path.Combine(Repository.Root, "artifacts", "bin", "ExperimentHub.Web", configuration, "ExperimentHub.Web.dll");
        var start = new ProcessStartInfo("dotnet",
            [hub, .. anyPort ? ["--urls", "http://127.0.0.1:0", "--Hub:StandbyMebibytes=0"] : Array.Empty<string>(), $"--Hub:DataFolder={dataFolder}",
                $"--Hub:DatasetFolder={DatasetFolder}", .. settings])
        {
            WorkingDirectory = workingDirectory ?? Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (variable is { } set)
            start.Environment[set.Name] = set.Value;
        return Process.Start(start)!;
    }
}
