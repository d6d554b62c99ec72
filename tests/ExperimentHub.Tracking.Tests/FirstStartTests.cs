using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ExperimentHub.Tracking.Tests;

public sealed class FirstStartTests
{
    [Fact]
    public async Task Prepare_NewFolder_WarnsOfNothing()
    {
        var warnings = new Warnings();
        await using var hub = await EmptyHub.CreateAsync((services, _) => services.AddLogging(logging => logging.AddProvider(warnings)));
        Assert.Empty(warnings.Seen);
    }

    private sealed class Warnings : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Seen { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Seen.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
