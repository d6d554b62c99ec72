using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Views;

/// <summary>What became of a view that was to be saved.</summary>
/// <param name="Problems">What is wrong with it; empty where it can be kept.</param>
/// <param name="Conflict">Somebody saved or deleted it after the version that the edit began from; nothing was written.</param>
public sealed record ViewResult(IReadOnlyList<SpecProblem> Problems, bool Conflict = false);

/// <summary>Keeps views under their names, for everybody.</summary>
public sealed class ViewStore(IDbContextFactory<TrackingDb> databases, TimeProvider time)
{
    public const int MaxViews = Limits.Views;

    /// <summary>The version of a view that is not there.</summary>
    public const int None = 0;

    public async Task<IReadOnlyList<SavedView>> ListAsync(CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await db.SavedViews.AsNoTracking().OrderBy(view => view.Name).ToListAsync(cancellation);
    }

    public async Task<SavedView?> FindAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await CalledAsync(db.SavedViews.AsNoTracking(), name, cancellation);
    }

    /// <summary>Makes the view, or gives the one of this name the new state.</summary>
    /// <param name="begunFrom">
    /// The <see cref="SavedView.Version"/> that is to be replaced, or <see cref="None"/> to make one that is not there yet. null replaces any.
    /// </param>
    /// <returns>Names of columns that no run has are no problem: a view may be older or newer than the runs.</returns>
    public async Task<ViewResult> SaveAsync(string name, ViewState state, int? begunFrom = null, CancellationToken cancellation = default)
    {
        var problems = Validate(name, state);
        if (problems.Count > 0)
            return new ViewResult(problems);
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        name = NameRule.Tidied(name);
        var now = time.GetUtcNow().UtcDateTime;
        var known = await CalledAsync(db.SavedViews, name, cancellation);
        if (known is null ? begunFrom is not (null or None) : known.Version > begunFrom)
            return new ViewResult([], Conflict: true);
        if (known is not null)
            (known.State, known.ChangedAt, known.Version) = (state, now, known.Version + 1);
        else if (await db.SavedViews.CountAsync(cancellation) >= MaxViews)
            return new ViewResult([new SpecProblem("name", $"There are {MaxViews} views already. Delete one that nobody uses.")]);
        else
            db.SavedViews.Add(new SavedView { Name = name, State = state, CreatedAt = now, ChangedAt = now });
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new ViewResult([]);
    }

    /// <param name="begunFrom">The <see cref="SavedView.Version"/> that is to go: a newer one stays. null takes any.</param>
    /// <returns>false where there is none of this name; null where it is another version.</returns>
    public async Task<bool?> DeleteAsync(string name, int? begunFrom = null, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await CalledAsync(db.SavedViews.AsNoTracking(), name, cancellation) is not { } called)
            return false;
        var named = db.SavedViews.Where(view => view.Id == called.Id);
        if (await named.Where(view => begunFrom == null || view.Version <= begunFrom).ExecuteDeleteAsync(cancellation) > 0)
            return true;
        return await named.AnyAsync(cancellation) ? null : false;
    }

    /// <summary>Of two that older hubs told apart, the one that is spelled so.</summary>
    private static Task<SavedView?> CalledAsync(IQueryable<SavedView> views, string name, CancellationToken cancellation)
    {
        var (spelled, key) = (NameRule.Tidied(name), NameRule.Key(name));
        return views.Where(view => view.NameKey == key || view.Name == spelled).OrderByDescending(view => view.Name == spelled)
            .ThenBy(view => view.Id).FirstOrDefaultAsync(cancellation);
    }

    private List<SpecProblem> Validate(string name, ViewState state)
    {
        var problems = new List<SpecProblem>();
        if (NameRule.Problem(name, SavedView.MaxNameLength) is { } wrong)
            problems.Add(new SpecProblem("name", $"The view's name {wrong}"));
        if (state.Density is { } density && !ViewState.Densities.Contains(density))
            problems.Add(new SpecProblem("density", $"'{density}' is no density. Choose one of: {string.Join(", ", ViewState.Densities)}."));
        var small = problems.Count;
        if (state.Columns is { Count: > OrderParser.MaxColumns })
            problems.Add(new SpecProblem("columns", $"A view has at most {OrderParser.MaxColumns} columns."));
        if (state.GroupBy is { Count: > RunGrouping.MaxColumns })
            problems.Add(new SpecProblem("groupBy", $"Runs are grouped by at most {RunGrouping.MaxColumns} columns."));
        if (ViewState.Write(state).Length > Limits.View)
            problems.Add(
                new SpecProblem("view", $"A view may have at most {Limits.View:N0} characters in all. Shorten its filter, or leave out columns."));
        // What is too large is not looked through.
        if (problems.Count > small)
            return problems;
        Add("filter", FilterParser.Parse(state.Filter, time.GetUtcNow().UtcDateTime).Problem);
        Add("orderBy", OrderParser.ReadOrder(state.OrderBy).Problem);
        // Whoever sends JSON may leave the name of a column out.
        if (state.Columns?.Any(column => column.Column is null) == true)
            problems.Add(new SpecProblem("columns", "Every column needs its name in 'column'."));
        foreach (var column in (state.Columns ?? []).Where(column => column.Column is not null))
            Add("columns", OrderParser.ReadColumns("columns", column.Column).Problem);
        foreach (var column in state.GroupBy ?? [])
            Add("groupBy", OrderParser.ReadColumns("groupBy", column).Problem);
        return problems;

        void Add(string field, SearchProblem? problem)
        {
            if (problem is not null)
                problems.Add(new SpecProblem(field, $"Character {problem.Position + 1}: {problem.Message}"));
        }
    }
}
