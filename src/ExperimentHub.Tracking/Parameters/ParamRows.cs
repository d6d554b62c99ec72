using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Parameters;

/// <summary>A parameter as whoever makes a run tells it.</summary>
/// <param name="Number">Null where it is no number.</param>
internal readonly record struct ParamValue(string Name, double? Number, string Text);

/// <summary>Makes the rows of a run's parameters. They are written in the transaction that writes the run, and by nobody later.</summary>
internal static class ParamRows
{
    /// <summary>Of a run that is not in the database yet, or whose old rows are gone; names that are new are added with them.</summary>
    /// <param name="values">Each name once.</param>
    public static async Task<IReadOnlyList<RunParam>> MakeAsync(TrackingDb db, IReadOnlyList<ParamValue> values, CancellationToken cancellation)
    {
        string[] names = [.. values.Select(value => value.Name)];
        var known = await db.ParamNames.Where(name => names.Contains(name.Name)).ToDictionaryAsync(name => name.Name, cancellation);
        return
        [
            .. values.Select(value => new RunParam { Param = known.GetValueOrDefault(value.Name) ?? new ParamName { Name = value.Name },
                Number = value.Number, Text = value.Text }),
        ];
    }
}
