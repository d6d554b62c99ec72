using System.Globalization;

namespace ExperimentHub.Protocol;

/// <summary>One field of a spec that cannot be accepted.</summary>
/// <param name="Field">JSON path inside the spec, such as <c>optimizer.learningRate</c> or <c>model.layers[2].kernel</c>.</param>
/// <param name="Message">What is wrong and what is allowed, as a sentence for a person.</param>
public sealed record SpecProblem(string Field, string Message);

/// <summary>Collects what is wrong with a spec, in the order of the checks.</summary>
internal sealed class ProblemList
{
    public List<SpecProblem> Problems { get; } = [];

    /// <summary>Numbers are written as JSON writes them, whatever the server's language.</summary>
    public void Require(bool holds, string field, FormattableString message)
    {
        if (!holds)
            Problems.Add(new SpecProblem(field, message.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>A field that the chosen kind does not have: setting it would change nothing, and the person who set it expects otherwise.</summary>
    public void RequireUnset(bool isSet, string field, string kind, string belongsTo) =>
        Require(!isSet, field, $"'{kind}' does not have this setting; it belongs to {belongsTo}. Leave it out.");
}
