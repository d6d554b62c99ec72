using ExperimentHub.Tracking.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>
/// Bytes in the <see cref="ArtifactStore"/> that are to be deleted: their rows went in the transaction that wrote this one. It goes once they are
/// gone, so that a kill in between, or a disk that refuses, leaves a debt that somebody settles, and nobody has to guess by what no row knows.
/// </summary>
public sealed class OwedBytes
{
    /// <summary>The artifact, or what lies over it where <see cref="IsFolder"/>.</summary>
    public required ArtifactKey Key { get; init; }

    /// <summary>All that lies under the key goes, whatever it is called.</summary>
    public required bool IsFolder { get; init; }

    public required DateTime OwedAt { get; init; }

    // Who is at it, as an attempt says who holds it (decision 35): a folder's name may come again, with an import or an upload, which have to know.
    public string? Node { get; init; }
    public Guid? Life { get; init; }

    /// <summary>By the database's clock (<see cref="DatabaseClock"/>).</summary>
    public long? LeaseSeconds { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<OwedBytes>
    {
        public void Configure(EntityTypeBuilder<OwedBytes> owed)
        {
            owed.HasKey(o => o.Key);
            owed.Property(o => o.Key).HasConversion(key => key.Text, text => ArtifactKey.Parse(text)).HasMaxLength(ArtifactKey.MaxBytes);
            owed.Property(o => o.Node).HasMaxLength(ThisNode.MaxNameLength);
        }
    }
}
