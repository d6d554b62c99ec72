using ExperimentHub.Protocol;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace ExperimentHub.Tracking;

/// <summary>
/// Keeps a column that trainers and machines fill within its limit, whoever writes it. Also when reading: a database may hold longer ones from before
/// there was a limit.
/// </summary>
internal static class ShortTextColumn
{
    /// <param name="most">Characters.</param>
    public static void IsCutAt<T>(this PropertyBuilder<T> text, int most) => text.HasConversion((ValueConverter)new Converter(most));

    private sealed class Converter(int most) : ValueConverter<string, string>(text => ShortText.Of(text, most), text => ShortText.Of(text, most));
}
