using ExperimentHub.Protocol;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Trainings;

/// <summary>
/// The row of a training's spec. It lies beside the training's own row because it is ten times as long: a search that passes all trainings reads
/// their short rows only, in half the time.
/// </summary>
internal sealed class FrozenSpec
{
    public long RunNumber { get; init; }

    public required TrainingSpec Spec { get; set; }

    internal sealed class Mapping : IEntityTypeConfiguration<FrozenSpec>
    {
        public void Configure(EntityTypeBuilder<FrozenSpec> frozen)
        {
            frozen.ToTable("TrainingSpecs");
            frozen.HasKey(f => f.RunNumber);
            frozen.Property(f => f.RunNumber).ValueGeneratedNever();
            frozen.Property(f => f.Spec).HasConversion(spec => ProtocolJson.Write(spec), json => ProtocolJson.Read<TrainingSpec>(json));
        }
    }
}
