using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Browser.Tests;

/// <summary>
/// The whole hub on a port of its own with the real trainer, but with a clock that the test sets to another time; timers run as ever.
/// </summary>
internal sealed class HubWithClock : WebApplicationFactory<Program>
{
    private readonly ShiftedTime _time;
    private readonly string _folder = HubProcess.NewFolder();

    public HubWithClock(DateTimeOffset now)
    {
        _time = new ShiftedTime(now);
        UseKestrel(0);
        StartServer();
    }

    /// <summary>What the hub takes for the present.</summary>
    public DateTimeOffset Now
    {
        get => _time.GetUtcNow();
        set => _time.Set(value);
    }

    public Uri Address => ClientOptions.BaseAddress;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseContentRoot(Repository.Root);
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        builder.UseSetting("Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning");
        builder.UseSetting("Hub:DataFolder", _folder);
        builder.UseSetting("Hub:DatasetFolder", HubProcess.DatasetFolder);
        builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(_time));
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class ShiftedTime(DateTimeOffset start) : TimeProvider
    {
        private long _shift = (start - DateTimeOffset.UtcNow).Ticks;

        public void Set(DateTimeOffset now) => Interlocked.Exchange(ref _shift, (now - DateTimeOffset.UtcNow).Ticks);

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + new TimeSpan(Interlocked.Read(ref _shift));
    }
}
