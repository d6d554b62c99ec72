using ExperimentHub.Protocol;
using ExperimentHub.Tracking.Names;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Views;

/// <summary>A way to look at runs that somebody gave a name. Everybody sees it.</summary>
public sealed class SavedView
{
    public const int MaxNameLength = Limits.ViewName;

    public int Id { get; init; }

    /// <summary>Unique, compared by <see cref="NameRule.Key"/>.</summary>
    public required string Name
    {
        get;
        init => (field, NameKey) = (value, NameRule.Key(value));
    }

    /// <summary>
    /// What the name is found by. Of two that were different to an older hub and are the same by this rule, one has a mark behind it.
    /// </summary>
    public string NameKey { get; private set; } = "";

    public required ViewState State { get; set; }

    /// <summary>Counts the times that it was saved.</summary>
    public int Version { get; internal set; } = 1;

    public DateTime CreatedAt { get; init; }
    public DateTime ChangedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<SavedView>
    {
        public void Configure(EntityTypeBuilder<SavedView> view)
        {
            view.Property(v => v.Name).HasMaxLength(NameRule.MaxUnits(MaxNameLength)).UseCollation("NOCASE");
            view.HasIndex(v => v.NameKey).IsUnique();
            view.Property(v => v.Version).HasDefaultValue(1);
            view.Property(v => v.State).HasConversion(state => ViewState.Write(state), json => ViewState.Read(json));
        }
    }
}
