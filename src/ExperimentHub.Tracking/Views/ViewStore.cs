using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Search;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Views;

/// <summary>Keeps views under their names, for everybody.</summary>
public sealed class ViewStore(IDbContextFactory<TrackingDb> databases, TimeProvider time)
{
    public const int MaxViews = 500;

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
    /// <returns>What is wrong with it; empty where it is kept. Names of columns that no run has are not wrong: a view may be older or newer than the runs.</returns>
    public async Task<IReadOnlyList<SpecProblem>> SaveAsync(string name, ViewState state, CancellationToken cancellation = default)
    {
        var problems = Validate(name, state);
        if (problems.Count > 0)
            return problems;
        await using var db = await databases.CreateDbContextAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        name = NameRule.Tidied(name);
        var now = time.GetUtcNow().UtcDateTime;
        if (await CalledAsync(db.SavedViews, name, cancellation) is { } known)
            (known.State, known.ChangedAt) = (state, now);
        else if (await db.SavedViews.CountAsync(cancellation) >= MaxViews)
            return [new SpecProblem("name", $"There are {MaxViews} views already. Delete one that nobody uses.")];
        else
            db.SavedViews.Add(new SavedView { Name = name, State = state, CreatedAt = now, ChangedAt = now });
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return [];
    }

    /// <returns>false where there is none of this name.</returns>
    public async Task<bool> DeleteAsync(string name, CancellationToken cancellation = default)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        return await CalledAsync(db.SavedViews.AsNoTracking(), name, cancellation) is { } view
            && await db.SavedViews.Where(one => one.Id == view.Id).ExecuteDeleteAsync(cancellation) > 0;
    }

    /// <summary>Of two that older hubs told apart, the one that is spelled so.</summary>
    private static Task<SavedView?> CalledAsync(IQueryable<SavedView> views, string name, CancellationToken cancellation)
    {
        var (spelled, key) = (NameRule.Tidied(name), NameRule.Key(name));
        return views.Where(view => view.NameKey == key || view.Name == spelled).OrderByDescending(view => view.Name == spelled).ThenBy(view => view.Id).FirstOrDefaultAsync(cancellation);
    }

    private List<SpecProblem> Validate(string name, ViewState state)
    {
        var problems = new List<SpecProblem>();
        if (NameRule.Problem(name, SavedView.MaxNameLength) is { } wrong)
            problems.Add(new SpecProblem("name", $"The view's name {wrong}"));
        if (state.Density is { } density && !ViewState.Densities.Contains(density))
            problems.Add(new SpecProblem("density", $"'{density}' is no density. Choose one of: {string.Join(", ", ViewState.Densities)}."));
        Add("filter", FilterParser.Parse(state.Filter, time.GetUtcNow().UtcDateTime).Problem);
        Add("orderBy", OrderParser.ReadOrder(state.OrderBy).Problem);
        foreach (var column in state.Columns ?? [])
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
