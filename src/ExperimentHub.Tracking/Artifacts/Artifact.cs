using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Artifacts;

/// <summary>
/// A file that the hub keeps of a run or of a data set: what it is, and where its bytes lie in the <see cref="ArtifactStore"/>. The row exists only
/// once they lie there complete. It does not change: other bytes are another artifact.
/// </summary>
public sealed class Artifact
{
    public const string AnyBytes = "application/octet-stream";

    /// <summary>RFC 6838, 4.2: two names of at most 127 characters.</summary>
    public const int MaxMediaTypeLength = 255;

    public long Id { get; init; }

    /// <summary>Its run; null where it belongs to a data set.</summary>
    public long? RunNumber { get; init; }

    /// <summary>Its data set (<see cref="OwnDataset.Key"/>); null where it belongs to a run.</summary>
    public string? DatasetKey { get; init; }

    /// <summary>What a person calls it: the last name of its key, unless somebody named it.</summary>
    public required string Name { get; init; }

    public required long Size { get; init; }

    /// <summary>64 lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    public required string MediaType { get; init; }

    /// <summary>No two artifacts have the same.</summary>
    public required ArtifactKey Key { get; init; }

    public required DateTime CreatedAt { get; init; }

    /// <summary>Who needs it; while there is anybody, nothing removes it.</summary>
    public List<ArtifactPin> Pins { get; } = [];

    /// <summary>One that lies complete under its key.</summary>
    /// <param name="run">The number of its run; 0 where the run is being added with it.</param>
    internal static Artifact OfRun(long run, ArtifactKey key, long size, string sha256, DateTime now, string mediaType = AnyBytes) =>
        new() { RunNumber = run, Name = key.Name, Size = size, Sha256 = sha256, MediaType = mediaType, Key = key, CreatedAt = now };

    /// <inheritdoc cref="OfRun"/>
    internal static Artifact OfDataset(string dataset, ArtifactKey key, long size, string sha256, DateTime now) =>
        new() { DatasetKey = dataset, Name = key.Name, Size = size, Sha256 = sha256, MediaType = AnyBytes, Key = key, CreatedAt = now };

    internal sealed class Mapping : IEntityTypeConfiguration<Artifact>
    {
        public void Configure(EntityTypeBuilder<Artifact> artifact)
        {
            artifact.ToTable(table => table.HasCheckConstraint("CK_Artifacts_Owner", """("RunNumber" IS NULL) <> ("DatasetKey" IS NULL)"""));
            artifact.HasKey(a => a.Id);
            artifact.HasOne<OwnDataset>().WithMany(d => d.Files).HasForeignKey(a => a.DatasetKey).OnDelete(DeleteBehavior.Cascade);
            artifact.HasOne<Run>().WithMany(r => r.Artifacts).HasForeignKey(a => a.RunNumber).OnDelete(DeleteBehavior.Cascade);
            artifact.Property(a => a.Name).HasMaxLength(ArtifactKey.MaxNameBytes);
            artifact.Property(a => a.Sha256).HasMaxLength(64);
            artifact.Property(a => a.MediaType).HasMaxLength(MaxMediaTypeLength);
            artifact.Property(a => a.Key).HasConversion(key => key.Text, text => ArtifactKey.Parse(text)).HasMaxLength(ArtifactKey.MaxBytes);
            artifact.HasIndex(a => a.Key).IsUnique();
        }
    }
}

/// <summary>Somebody needs an artifact. The database itself refuses to remove an artifact, or its run, while there is one.</summary>
public sealed class ArtifactPin
{
    public const int MaxHolderLength = 200;

    public long ArtifactId { get; init; }

    /// <summary>Who, in words of whoever pins: <c>model mnist/3</c>. Pins once, however often it asks.</summary>
    public required string Holder { get; init; }

    public required DateTime PinnedAt { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ArtifactPin>
    {
        public void Configure(EntityTypeBuilder<ArtifactPin> pin)
        {
            pin.HasKey(p => new { p.ArtifactId, p.Holder });
            // Not with its artifact: what is pinned must not go, whoever forgot to ask.
            pin.HasOne<Artifact>().WithMany(a => a.Pins).HasForeignKey(p => p.ArtifactId).OnDelete(DeleteBehavior.NoAction);
            pin.Property(p => p.Holder).HasMaxLength(MaxHolderLength);
        }
    }
}
