using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Search;

/// <summary>A leaf of a spec.</summary>
/// <param name="Number">Null where it is no number.</param>
internal readonly record struct SpecParam(string Name, double? Number, string Text);

/// <summary>
/// The hyperparameters of a spec: every leaf of its JSON under its dotted path. They come from the JSON and not from the fields of
/// <see cref="TrainingSpec"/>, so that a field that is added tomorrow is searchable without a word here. Lists are leaves; null is none.
/// </summary>
internal static class SpecParams
{
    public static IReadOnlyList<SpecParam> Of(string specJson)
    {
        using var document = JsonDocument.Parse(specJson);
        var found = new List<SpecParam>();
        Collect("", document.RootElement, found);
        return found;
    }

    /// <summary>The rows of a run that is not in the database yet; names that are new are added with them.</summary>
    public static async Task<IReadOnlyList<RunParam>> RowsAsync(TrackingDb db, TrainingSpec spec, CancellationToken cancellation)
    {
        var leaves = Of(ProtocolJson.Write(spec));
        string[] names = [.. leaves.Select(leaf => leaf.Name)];
        var known = await db.ParamNames.Where(name => names.Contains(name.Name)).ToDictionaryAsync(name => name.Name, cancellation);
        return
        [
            .. leaves.Select(leaf => new RunParam { Param = known.GetValueOrDefault(leaf.Name) ?? new ParamName { Name = leaf.Name }, Number = leaf.Number, Text = leaf.Text }),
        ];
    }

    /// <summary>Makes the rows of a run those of its spec, one of whose few fields that may change has changed.</summary>
    public static async Task ReplaceAsync(TrackingDb db, Run run, CancellationToken cancellation)
    {
        await db.RunParams.Where(param => param.RunNumber == run.Number).ExecuteDeleteAsync(cancellation);
        run.Params.AddRange(await RowsAsync(db, run.Spec, cancellation));
    }

    private static void Collect(string path, JsonElement element, List<SpecParam> found)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                    Collect(path.Length == 0 ? property.Name : $"{path}.{property.Name}", property.Value, found);
                break;
            case JsonValueKind.Null or JsonValueKind.Undefined:
                break;
            case JsonValueKind.Number when element.TryGetDouble(out var number) && double.IsFinite(number):
                found.Add(new SpecParam(path, number, element.GetRawText()));
                break;
            case JsonValueKind.String:
                found.Add(new SpecParam(path, null, element.GetString()!));
                break;
            default:
                found.Add(new SpecParam(path, null, element.GetRawText()));
                break;
        }
    }
}
