using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Tracking.Devices;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Specs;

namespace ExperimentHub.Web.Runs;

/// <summary>What a person has typed into the new-run form. Each field's name is its name in the address.</summary>
public sealed record RunDraft
{
    public string Experiment { get; init; } = "";
    public string Name { get; init; } = "";
    public SpecDraft Spec { get; init; } = SpecDraft.Tutorial;

    /// <summary>What an address brings, laid over this draft; what is missing or empty keeps its value.</summary>
    public RunDraft With(IReadOnlyDictionary<string, string?> values) => new()
    {
        Experiment = values.GetValueOrDefault("experiment") is { Length: > 0 } experiment ? experiment : Experiment,
        Name = values.GetValueOrDefault("name") is { Length: > 0 } name ? name : Name,
        Spec = Spec.With(values),
    };

    /// <summary>For the address: who it is, and the fields of the spec that differ from the experiment's own; null removes one.</summary>
    /// <param name="usual">What the form would show for the experiment's name alone.</param>
    public IReadOnlyDictionary<string, object?> Beyond(SpecDraft usual) => new Dictionary<string, object?>(Spec.Beyond(usual))
    {
        ["experiment"] = Experiment.Length == 0 ? null : Experiment,
        ["name"] = Name.Length == 0 ? null : Name,
    };

    /// <summary>Reads the text; what cannot be accepted is a problem of its field.</summary>
    /// <inheritdoc cref="SpecDraft.Check"/>
    /// <param name="devices">What the machine has; the form refuses what the queue would refuse.</param>
    public SpecCombinations Read(DatasetInfo? dataset = null, DeviceInventory? devices = null)
    {
        var read = SpecCombinations.Of(Spec, one => Refused(one.Check(dataset), devices));
        var problems = new Dictionary<string, string>(read.Checked.Problems, StringComparer.Ordinal);
        if (NameRule.Problem(Experiment, Tracking.Experiments.Experiment.MaxNameLength) is { } experiment)
            problems["experiment"] = $"The experiment's name {experiment}";
        // The longest says it for all of them.
        var whole = read.Possible.Select(one => NameOf(read, one)).MaxBy(NameRule.Length) ?? Name;
        if (NameRule.Tidied(whole).Length > 0 && NameRule.Problem(whole, Run.MaxNameLength) is { } name)
            problems["name"] =
                $"The run's name {name}{(read.IsSeveral && NameRule.Problem(Name, Run.MaxNameLength) is null ? $" It ends with what varies:{whole[Name.TrimEnd().Length..]}." : "")}";
        return read with { Checked = new CheckedSpec(read.Checked.Spec, problems) };
    }

    /// <summary>A name that was typed, with what varies behind it; empty where none was.</summary>
    public string NameOf(SpecCombinations all, SpecCombination one) =>
        string.IsNullOrWhiteSpace(Name) || !all.IsSeveral ? Name : $"{Name.TrimEnd()} {SeveralWords.Values(all.Varied, one.Values)}";

    private static CheckedSpec Refused(CheckedSpec read, DeviceInventory? devices) =>
        read.IsValid && devices?.Refusal(read.Spec) is { } refusal
            ? new CheckedSpec(read.Spec, new Dictionary<string, string> { [refusal.Field] = refusal.Message }) : read;
}
