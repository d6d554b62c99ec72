namespace ExperimentHub.Web.Specs;

/// <summary>How a field is typed.</summary>
public enum SpecFieldKind
{
    Word,
    Whole,
    Number,

    /// <summary><c>true</c>, <c>false</c>, or empty for what <see cref="SpecField.Empty"/> says.</summary>
    Flag,

    /// <summary>Whole numbers with commas between them.</summary>
    Sizes,

    /// <summary>A list of layers, see <see cref="LayerDraft"/>.</summary>
    Layers,
}

/// <summary>The part of the form that a field stands in.</summary>
public enum SpecSection
{
    What,

    /// <summary>Images held back to choose by.</summary>
    Choosing,
    Network,
    How,
    Optimizer,
    Rate,
    Images,
    Best,
    Ending,
    Keeping,
    Arithmetic,
    Device,
}

/// <summary>One setting of a spec, described once for the form, the address, and every page that lists settings.</summary>
/// <param name="Path">Where it stands in the spec's JSON; also the field of its <see cref="Protocol.SpecProblem"/>.</param>
/// <param name="Name">In the address.</param>
/// <param name="Label">In the form and, in lower case, in lists of settings.</param>
public sealed record SpecField(string Path, string Name, string Label, SpecFieldKind Kind, SpecSection Section)
{
    public const string On = "on";
    public const string Off = "off";

    /// <summary>What an empty field means, shown where nothing is typed; null for one that must not be empty.</summary>
    public string? Empty { get; init; }

    /// <summary>Only whole numbers up to this one can be read.</summary>
    public long Most { get; init; } = int.MaxValue;

    /// <summary>The words that can be chosen, with what stands on the screen for them.</summary>
    public IReadOnlyList<(string Value, string Word)> Choices { get; init; } = [];

    /// <summary>Whether it means anything beside what else is typed; what does not is kept, but left out of the spec.</summary>
    public Func<SpecDraft, bool> Applies { get; init; } = _ => true;

    /// <summary>One sentence below the field.</summary>
    public string? Help { get; init; }

    /// <summary>In the names of runs that differ in it.</summary>
    public string NameInRuns { get => field ?? Name; init; }

    /// <summary>Several values of it, to go on after their number.</summary>
    public string Plural { get => field ?? $"values of {SpecFacts.Name(this)}"; init; }
}
