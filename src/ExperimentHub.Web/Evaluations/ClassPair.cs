using System.Globalization;

namespace ExperimentHub.Web.Evaluations;

/// <summary>Images of one class that were called another, or the same.</summary>
public sealed record ClassPair(int Label, int Prediction)
{
    /// <summary>From an address: <c>4-9</c>; null for anything that is no pair of classes.</summary>
    public static ClassPair? Parse(string? text, int classes) =>
        text?.Split('-') is [var label, var prediction] && IsClass(label, out var one) && IsClass(prediction, out var other) && one < classes
            && other < classes ? new ClassPair(one, other) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Label}-{Prediction}");

    private static bool IsClass(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
