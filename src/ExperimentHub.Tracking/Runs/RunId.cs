using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace ExperimentHub.Tracking.Runs;

/// <summary>The name of a run in addresses, files and the API: a UUIDv7 as 32 lower-case hex digits, and nothing else.</summary>
public readonly record struct RunId : IParsable<RunId>
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly Guid _value;

    private RunId(Guid value) => _value = value;

    public static RunId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public static bool TryParse([NotNullWhen(true)] string? text, out RunId id)
    {
        // Guid's own parser also takes upper case and spaces around it.
        var valid = text is { Length: 32 } && !text.AsSpan().ContainsAnyExcept(Digits);
        id = valid ? new RunId(Guid.ParseExact(text!, "N")) : default;
        return valid;
    }

    static bool IParsable<RunId>.TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out RunId result) => TryParse(s, out result);

    /// <exception cref="FormatException">Not 32 lower-case hex digits.</exception>
    public static RunId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, out var id) ? id : throw new FormatException("A run id has 32 lower-case hex digits.");

    public override string ToString() => _value.ToString("N");
}
