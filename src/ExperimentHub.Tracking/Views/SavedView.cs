using ExperimentHub.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Views;

/// <summary>A way to look at runs that somebody gave a name. Everybody sees it.</summary>
public sealed class SavedView
{
    public const int MaxNameLength = Limits.ViewName;

    public int Id { get; init; }

    /// <summary>Unique, compared without regard to case.</summary>
    public required string Name { get; set; }

    public required ViewState State { get; set; }

    /// <summary>Counts the times that it was saved.</summary>
    public int Version { get; internal set; } = 1;

    public DateTime CreatedAt { get; init; }
    public DateTime ChangedAt { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<SavedView>
    {
        public void Configure(EntityTypeBuilder<SavedView> view)
        {
            view.Property(v => v.Name).HasMaxLength(MaxNameLength).UseCollation("NOCASE");
            view.HasIndex(v => v.Name).IsUnique();
            view.Property(v => v.Version).HasDefaultValue(1);
            view.Property(v => v.State).HasConversion(state => ViewState.Write(state), json => ViewState.Read(json));
        }
    }
}
