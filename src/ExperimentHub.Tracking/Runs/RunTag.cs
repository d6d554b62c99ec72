using ExperimentHub.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Runs;

/// <summary>A word that a person gave to a run, with a value where one was typed: <c>night</c>, <c>owner=anna</c>.</summary>
public sealed class RunTag
{
    public const int MaxNameLength = Limits.TagName;
    public const int MaxValueLength = Limits.TagValue;

    /// <summary>More would be a table, not tags.</summary>
    public const int MaxOfARun = Limits.TagsOfARun;

    /// <summary>What a run gets that came with an imported experiment; the value is the day.</summary>
    public const string Imported = "imported";

    /// <summary>The version of a tag that is not there: an edit that begins from it makes a new one, or none.</summary>
    public const int None = 0;

    public long RunNumber { get; init; }

    /// <summary>Unique within the run, compared without regard to case.</summary>
    public required string Name { get; init; }

    /// <summary>Empty where the name says it all.</summary>
    public string Value { get; set; } = "";

    /// <summary>The run's <see cref="Run.Version"/> that gave it this value.</summary>
    public int Version { get; internal set; } = 1;

    /// <summary>As a person types it: <c>night</c> or <c>owner=anna</c>.</summary>
    public override string ToString() => Value.Length == 0 ? Name : $"{Name}={Value}";

    /// <summary>Takes what a person typed apart at its first <c>=</c>.</summary>
    public static (string Name, string Value) Read(string typed) =>
        typed.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value] ? (name, value) : (typed.Trim(), "");

    /// <summary>What is wrong with a tag; null where a run can have it.</summary>
    public static string? Problem(string name, string value)
    {
        if (name.Length == 0)
            return "A tag needs a name, such as night or owner=anna.";
        if (name.Length > MaxNameLength)
            return $"A tag's name has at most {MaxNameLength} characters; this one has {name.Length}.";
        // These need no quotes in a filter or an address.
        if (name.Where(c => !char.IsLetterOrDigit(c) && c is not ('_' or '-' or '.' or '/')).ToList() is [var wrong, ..])
            return $"A tag's name consists of letters, digits and _ - . / only; {(char.IsControl(wrong) ? "a control character" : $"'{wrong}'")} is none of them. A value after = may have others.";
        if (value.Length > MaxValueLength)
            return $"A tag's value has at most {MaxValueLength} characters; this one has {value.Length}.";
        return value.Any(char.IsControl) ? "A tag's value may not contain control characters." : null;
    }

    internal sealed class Mapping : IEntityTypeConfiguration<RunTag>
    {
        public void Configure(EntityTypeBuilder<RunTag> tag)
        {
            tag.HasKey(t => new { t.RunNumber, t.Name });
            tag.HasIndex(t => new { t.Name, t.Value, t.RunNumber });
            tag.HasOne<Run>().WithMany(r => r.Tags).HasForeignKey(t => t.RunNumber);
            tag.Property(t => t.Name).HasMaxLength(MaxNameLength).UseCollation("NOCASE");
            tag.Property(t => t.Value).HasMaxLength(MaxValueLength);
            tag.Property(t => t.Version).HasDefaultValue(1);
        }
    }
}
