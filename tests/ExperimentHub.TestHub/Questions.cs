using System.Data.Common;
using ExperimentHub.Tracking;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.TestHub;

/// <summary>
/// What a hub asks its database through EF Core, statement by statement. What is asked within a transaction is about to be written, and is left out.
/// </summary>
public sealed class Questions : DbCommandInterceptor
{
    private readonly Lock _lock = new();
    private readonly List<string> _asked = [];

    /// <summary>The texts of the statements since the beginning or the last <see cref="Clear"/>.</summary>
    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_lock)
                return [.. _asked];
        }
    }

    /// <summary>Lets it hear of what a hub asks.</summary>
    public void Hear(IServiceCollection services) => services.ConfigureDbContext<TrackingDb>(options => options.AddInterceptors(this));

    public void Clear()
    {
        lock (_lock)
            _asked.Clear();
    }

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        if (command.Transaction is null)
        {
            lock (_lock)
                _asked.Add(command.CommandText);
        }

        return ValueTask.FromResult(result);
    }
}
