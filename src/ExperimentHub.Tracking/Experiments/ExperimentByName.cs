using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Experiments;

internal static class ExperimentByName
{
    /// <summary>The experiment of this name; of two that older hubs told apart, the one that is spelled so.</summary>
    public static Task<Experiment?> CalledAsync(this IQueryable<Experiment> experiments, string name, CancellationToken cancellation)
    {
        var (spelled, key) = (NameRule.Tidied(name), NameRule.Key(name));
        return experiments.Where(e => e.NameKey == key || e.Name == spelled).OrderByDescending(e => e.Name == spelled).ThenBy(e => e.Id)
            .FirstOrDefaultAsync(cancellation);
    }
}
