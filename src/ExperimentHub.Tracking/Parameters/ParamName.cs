using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace ExperimentHub.Tracking.Parameters;

/// <summary>The name of a hyperparameter, kept once: the dotted path of a leaf in a spec's JSON, such as <c>optimizer.learningRate</c>.</summary>
public sealed class ParamName
{
    public int Id { get; init; }

    public required string Name { get; init; }

    internal sealed class Mapping : IEntityTypeConfiguration<ParamName>
    {
        public void Configure(EntityTypeBuilder<ParamName> name)
        {
            name.HasKey(n => n.Id);
            name.HasIndex(n => n.Name).IsUnique();
        }
    }
}
