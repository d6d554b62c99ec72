using System.Text.Json;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Trainings;
using Microsoft.EntityFrameworkCore;

namespace ExperimentHub.Tracking.Parameters;

/// <summary>
/// What a training of ours writes as its parameters: every leaf of its JSON under its dotted path. They come from the JSON and not from the fields of
/// <see cref="TrainingSpec"/>, so that a field that is added tomorrow is searchable without a word here. Lists are leaves; null is none.
/// </summary>
internal static class SpecParams
{
    public static IReadOnlyList<ParamValue> Of(string specJson)
    {
        using var document = JsonDocument.Parse(specJson);
        var found = new List<ParamValue>();
        Collect("", document.RootElement, found);
        return found;
    }

    public static IReadOnlyList<ParamValue> Of(TrainingSpec spec) => Of(ProtocolJson.Write(spec));

    /// <summary>Makes the parameters of a training those of its spec, one of whose few fields that may change has changed.</summary>
    public static async Task ReplaceAsync(TrackingDb db, Training training, CancellationToken cancellation)
    {
        await db.RunParams.Where(param => param.RunNumber == training.RunNumber).ExecuteDeleteAsync(cancellation);
        training.Run.Params.AddRange(await ParamRows.MakeAsync(db, Of(training.Spec), cancellation));
    }

    private static void Collect(string path, JsonElement element, List<ParamValue> found)
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
                found.Add(new ParamValue(path, number, element.GetRawText()));
                break;
            case JsonValueKind.String:
                found.Add(new ParamValue(path, null, element.GetString()!));
                break;
            default:
                found.Add(new ParamValue(path, null, element.GetRawText()));
                break;
        }
    }
}
