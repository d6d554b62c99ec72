using System.Collections.Concurrent;
using System.Diagnostics;
using ExperimentHub.Protocol.Trainers;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Tracking.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Execution.Tests.Telemetry;

/// <summary>
/// From the request that made a run to the process that trains it. One after the other: while somebody listens, every hub of the process is traced.
/// </summary>
public sealed class RunTraceTests
{
    private static readonly string Script = $"echo \"trace:$TRACEPARENT.\" >&2; {FakeTrainer.SayStarted}; {FakeTrainer.Say(new TrainingFinished())}";

    [Fact]
    public async Task Run_WhileSomebodyTraces_IsOneTraceFromTheRequestToTheTrainer()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RunTrace.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var trainer = new FakeTrainer(Script);
        RunId run;
        string log;
        using var request = new Activity("request").Start();
        await using (var hub = await RunningHub.StartAsync(trainer))
        {
            run = await hub.Hub.EnqueueAsync();
            request.Stop();
            await hub.WaitForEndAsync(run);
            await hub.StopAsync();
            log = string.Concat((await hub.Hub.Get<RunLogs>().TailAsync(run, 1, 10)).Select(line => line.Text));
        }

        var spans = ended.Where(span => span.TraceId.ToHexString() == run.ToString()).ToDictionary(span => span.OperationName);
        Assert.Equal(["attempt", "run queued", "run waits", "trainer"], spans.Keys.Order());
        Assert.Equal(request.Context, Assert.Single(spans["run queued"].Links).Context);
        Assert.Contains(request.Links, link => link.Context.SpanId == spans["run queued"].SpanId);
        Assert.Equal(spans["attempt"].SpanId, spans["trainer"].ParentSpanId);
        Assert.Equal("finished", spans["attempt"].GetTagItem("experimenthub.ending"));
        Assert.Equal(0, spans["trainer"].GetTagItem("process.exit.code"));
        Assert.Contains($"trace:{spans["trainer"].Id}.", log);
    }

    [Fact]
    public async Task Run_NobodyTraces_TellsItsTrainerOfNoTrace()
    {
        using var trainer = new FakeTrainer(Script);
        await using var hub = await RunningHub.StartAsync(trainer);
        var run = await hub.Hub.EnqueueAsync();
        await hub.WaitForEndAsync(run);
        await hub.StopAsync();
        Assert.Contains("trace:.", string.Concat((await hub.Hub.Get<RunLogs>().TailAsync(run, 1, 10)).Select(line => line.Text)));
    }

    [Fact]
    public async Task Log_OfAnAttempt_CarriesTheRun()
    {
        using var trainer = new FakeTrainer(Script);
        using var scopes = new Scopes();
        await using var hub = await RunningHub.StartAsync(trainer,
            services: all => all.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Information).AddProvider(scopes)));
        var run = await hub.Hub.EnqueueAsync();
        await hub.WaitForEndAsync(run);
        await hub.StopAsync();

        var lines = scopes.Lines.Where(line => line.Text.StartsWith($"Run {run}, attempt", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Equal((run.ToString(), "1"),
            (line.Scope.GetValueOrDefault("Run"), line.Scope.GetValueOrDefault("Attempt"))));
    }

    /// <summary>Keeps what is logged, with what the scopes around it say.</summary>
    private sealed class Scopes : ILoggerProvider, ISupportExternalScope, ILogger
    {
        private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

        public ConcurrentQueue<(string Text, Dictionary<string, string?> Scope)> Lines { get; } = new();

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => _scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var scope = new Dictionary<string, string?>();
            _scopes.ForEachScope((around, found) =>
            {
                foreach (var (name, value) in around as IEnumerable<KeyValuePair<string, object?>> ?? [])
                    found[name] = value?.ToString();
            }, scope);
            Lines.Enqueue((formatter(state, exception), scope));
        }

        public void Dispose()
        {
        }
    }
}
