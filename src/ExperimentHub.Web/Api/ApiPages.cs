using System.Globalization;
using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Api;

/// <summary>What every list that has pages says of their size.</summary>
internal static class ApiPages
{
    /// <param name="usual">The size where none is asked for.</param>
    /// <param name="problems">Gets what is wrong with the size.</param>
    public static int Size(string? text, int usual, int most, ICollection<SpecProblem> problems)
    {
        if (text is null)
            return usual;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size >= 1 && size <= most)
            return size;
        problems.Add(new SpecProblem("pageSize", $"The page size must be a whole number from 1 to {most}."));
        return usual;
    }
}
