using System.Globalization;
using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Runs;

/// <summary>A word that a person gave to a run, with a value where one was typed: <c>night</c>, <c>owner=anna</c>.</summary>
public sealed class RunTag
{
    public const int MaxNameLength = Limits.TagName;
    public const int MaxValueLength = Limits.TagValue;

    /// <summary>More would be a table, not tags. Runs that an older hub gave more keep them, here and on every hub that imports them.</summary>
    public const int MaxOfARun = Limits.TagsOfARun;

    /// <summary>What a run gets that came with an imported experiment; the value is the day.</summary>
    public const string Imported = "imported";

    /// <summary>The version of a tag that is not there: an edit that begins from it makes a new one, or none.</summary>
    public const int None = 0;

    public long RunNumber { get; init; }

    /// <summary>Unique within the run, compared by <see cref="NameRule.Key"/>.</summary>
    public required string Name
    {
        get;
        init => (field, NameKey) = (value, NameRule.Key(value));
    }

    /// <summary>
    /// What the name is found by. Of two of a run that were different to an older hub and are the same by this rule, one has a mark behind it.
    /// </summary>
    public string NameKey { get; private set; } = "";

    /// <summary>Empty where the name says it all.</summary>
    public string Value { get; set; } = "";

    /// <summary>The run's <see cref="Run.Version"/> that gave it this value.</summary>
    public int Version { get; internal set; } = 1;

    /// <summary>As a person types it: <c>night</c> or <c>owner=anna</c>.</summary>
    public override string ToString() => Value.Length == 0 ? Name : $"{Name}={Value}";

    /// <summary>Takes what a person typed apart at its first <c>=</c>.</summary>
    public static (string Name, string Value) Read(string typed) =>
        typed.Split('=', 2) is [var name, var value] ? (NameRule.Tidied(name), NameRule.Tidied(value)) : (NameRule.Tidied(typed), "");

    /// <summary>What is wrong with a tag; null where a run can have it.</summary>
    public static string? Problem(string name, string value)
    {
        if (NameRule.Tidied(name).Length == 0)
            return "A tag needs a name, such as night or owner=anna.";
        return NameProblem(name)
            ?? (NameRule.TextProblem(NameRule.Tidied(value), MaxValueLength, lines: false) is { } wrong ? $"The tag's value {wrong}" : null);
    }

    /// <summary>The same for the name alone, as for a tag that is to be taken away.</summary>
    public static string? NameProblem(string name) => NameRule.Problem(name, MaxNameLength) is { } wrong ? $"The tag's name {wrong}" : null;

    /// <summary>The tag of this name among those of one run.</summary>
    internal static RunTag? Called(IReadOnlyList<RunTag> tags, string name)
    {
        var key = NameRule.Key(name);
        return tags.FirstOrDefault(tag => tag.Name == name) ?? tags.FirstOrDefault(tag => tag.NameKey == key);
    }

    /// <summary>Gives those that are the same by this rule keys of their own, so that a run can keep both.</summary>
    internal static void TellApart(IReadOnlyList<RunTag> tags)
    {
        foreach (var (tag, place) in tags.GroupBy(tag => tag.NameKey).SelectMany(same => same.Skip(1).Select((tag, i) => (tag, i))))
            tag.NameKey += string.Create(CultureInfo.InvariantCulture, $"{NameRule.Mark}{place + 1}");
    }

    internal sealed class Mapping : IEntityTypeConfiguration<RunTag>
    {
        public void Configure(EntityTypeBuilder<RunTag> tag)
        {
            tag.HasKey(t => new { t.RunNumber, t.Name });
            tag.HasIndex(t => new { t.RunNumber, t.NameKey }).IsUnique();
            tag.HasIndex(t => new { t.NameKey, t.Value, t.RunNumber });
            tag.HasOne<Run>().WithMany(r => r.Tags).HasForeignKey(t => t.RunNumber);
            tag.Property(t => t.Name).HasMaxLength(NameRule.MaxUnits(MaxNameLength)).UseCollation("NOCASE");
            tag.Property(t => t.Value).HasMaxLength(NameRule.MaxUnits(MaxValueLength));
            tag.Property(t => t.Version).HasDefaultValue(1);
        }
    }
}
