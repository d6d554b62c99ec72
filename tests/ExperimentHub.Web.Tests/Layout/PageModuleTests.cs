using System.Diagnostics.CodeAnalysis;
using ExperimentHub.Web.Layout;
using Microsoft.JSInterop;

namespace ExperimentHub.Web.Tests.Layout;

/// <summary>A browser that answers when the test says so, since pages are left at any moment.</summary>
public sealed class PageModuleTests
{
    private readonly SlowBrowser _browser = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StartAsync_LeftWhileTheModuleLoads_CallsNothingAndLetsItGo()
    {
        var script = new PageModule(_browser, "/js/some.js");
        var started = script.StartAsync("watch", script.Reach(this));

        await script.DisposeAsync();
        var module = _browser.Answer("import");

        Assert.Empty(_browser.Waiting);
        Assert.False(await started.WaitAsync(Cancellation));
        Assert.True(module.Gone);
    }

    [Fact]
    public async Task StartAsync_LeftWhileItStarts_TakesAwayWhatWasStarted()
    {
        var script = new PageModule(_browser, "/js/some.js");
        var started = script.StartAsync("watch", script.Reach(this));
        var module = _browser.Answer("import");

        await script.DisposeAsync();
        var watch = _browser.Answer("watch");

        Assert.False(await started.WaitAsync(Cancellation));
        Assert.Equal(["dispose"], watch.Called);
        Assert.True(watch.Gone);
        Assert.True(module.Gone);
    }

    [Fact]
    public async Task StartAsync_FailsBecauseThePageWasLeft_SaysNothing()
    {
        var script = new PageModule(_browser, "/js/some.js");
        var started = script.StartAsync("attach");
        _browser.Answer("import");

        await script.DisposeAsync();
        _browser.Fail("attach", new JSException("Cannot read properties of null"));

        Assert.False(await started.WaitAsync(Cancellation));
    }

    [Fact]
    public async Task StartAsync_FailsWhileThePageIsThere_Says()
    {
        await using var script = new PageModule(_browser, "/js/some.js");
        var started = script.StartAsync("attach");
        _browser.Answer("import");

        _browser.Fail("attach", new JSException("Cannot read properties of null"));

        await Assert.ThrowsAsync<JSException>(() => started.WaitAsync(Cancellation));
    }

    [Fact]
    public async Task CallAsync_AfterThePageWasLeft_DoesNotEvenLoad()
    {
        var script = new PageModule(_browser, "/js/some.js");
        await script.DisposeAsync();

        await script.CallAsync("focus");
        Assert.Null(await script.AskAsync<string>("timeZone"));

        Assert.Empty(_browser.Waiting);
    }

    private sealed class SlowBrowser : IJSRuntime
    {
        private readonly Dictionary<string, TaskCompletionSource<object?>> _waiting = [];

        public IEnumerable<string> Waiting => _waiting.Keys;

        public Thing Answer(string function)
        {
            var thing = new Thing(this);
            Take(function).SetResult(thing);
            return thing;
        }

        public void Fail(string function, Exception why) => Take(function).SetException(why);

        public async ValueTask<T> InvokeAsync<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] T>(string identifier,
            object?[]? args) =>
            (T)(await (_waiting[identifier] = new()).Task)!;

        public ValueTask<T> InvokeAsync<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] T>(string identifier,
            CancellationToken cancellationToken, object?[]? args) =>
            InvokeAsync<T>(identifier, args);

        private TaskCompletionSource<object?> Take(string function) =>
            _waiting.Remove(function, out var call) ? call : throw new InvalidOperationException($"Nobody called {function}.");
    }

    private sealed class Thing(SlowBrowser browser) : IJSObjectReference
    {
        public List<string> Called { get; } = [];

        public bool Gone { get; private set; }

        public ValueTask<T> InvokeAsync<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] T>(string identifier, object?[]? args)
        {
            Called.Add(identifier);
            return identifier == "dispose" ? default : browser.InvokeAsync<T>(identifier, args);
        }

        public ValueTask<T> InvokeAsync<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.All)] T>(string identifier,
            CancellationToken cancellationToken, object?[]? args) =>
            InvokeAsync<T>(identifier, args);

        public ValueTask DisposeAsync()
        {
            Gone = true;
            return default;
        }
    }
}
