using System.Diagnostics.CodeAnalysis;

namespace ExperimentHub.Tracking.Runs;

/// <summary>The name of a run in addresses, files and the API: a UUIDv7 as 32 lower-case hex digits, and nothing else.</summary>
public readonly record struct RunId : IParsable<RunId>
{
    private readonly Guid _value;

    private RunId(Guid value) => _value = value;

    public static RunId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public static bool TryParse([NotNullWhen(true)] string? text, out RunId id)
    {
        var valid = Guid.TryParseExact(text, "N", out var value) && !text!.AsSpan().ContainsAnyInRange('A', 'Z');
        id = valid ? new RunId(value) : default;
        return valid;
    }

    static bool IParsable<RunId>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out RunId result) => TryParse(s, out result);

    /// <exception cref="FormatException">Not 32 lower-case hex digits.</exception>
    public static RunId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, out var id) ? id : throw new FormatException("A run id has 32 lower-case hex digits.");

    public override string ToString() => _value.ToString("N");
}
