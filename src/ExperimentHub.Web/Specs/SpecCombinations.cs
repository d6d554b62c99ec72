using ExperimentHub.Protocol;

namespace ExperimentHub.Web.Specs;

/// <summary>A field with several values.</summary>
public sealed record VariedField(SpecField Field, IReadOnlyList<string> Values);

/// <summary>One of several trainings.</summary>
/// <param name="Values">Of the varied fields, in their order.</param>
public sealed record SpecCombination(IReadOnlyList<string> Values, TrainingSpec Spec);

/// <summary>One that cannot be trained.</summary>
/// <param name="Reason">The first one.</param>
public sealed record ImpossibleCombination(IReadOnlyList<string> Values, string Reason);

/// <summary>
/// Every training that a draft asks for: one, or, where fields have several values, one for each combination of them. They come in the order of the
/// form, the values of the last field changing first; the seed is the last, so that runs that differ in nothing else stand together.
/// </summary>
/// <param name="Varied">Fields with more than one value; empty for a single training.</param>
/// <param name="Possible">Those that can be trained; empty while the draft has a problem.</param>
/// <param name="Impossible">Those that cannot, where others can.</param>
/// <param name="Checked">The draft as the form shows it: with the problems of its fields, and with one of the specs for what the form tells of
/// it.</param>
public sealed record SpecCombinations(
    IReadOnlyList<VariedField> Varied, IReadOnlyList<SpecCombination> Possible, IReadOnlyList<ImpossibleCombination> Impossible, CheckedSpec Checked)
{
    public bool IsSeveral => Varied.Count > 0;

    /// <param name="check">Reads and judges a draft without lists.</param>
    public static SpecCombinations Of(SpecDraft draft, Func<SpecDraft, CheckedSpec> check)
    {
        var problems = new Dictionary<string, string>(StringComparer.Ordinal);
        var varied = new List<VariedField>();
        var first = draft;
        foreach (var field in SpecFields.All.Where(field => field.Applies(draft)).OrderBy(field => field == SpecFields.Seed))
        {
            if (NumberList.Read(field, draft[field]) is not { } list)
                continue;
            if (list.Problem is { } problem)
            {
                problems[field.Path] = problem;
                continue;
            }

            first = first.With(field, list.Values[0]);
            if (list.Values.Count > 1)
                varied.Add(new VariedField(field, list.Values));
        }

        var count = varied.Aggregate(1.0, (product, one) => product * one.Values.Count);
        if (count > Limits.RunsStartedAtOnce && varied.MaxBy(one => one.Values.Count) is { } longest)
            problems.TryAdd(longest.Field.Path,
                $"{string.Join(" × ", varied.Select(one => one.Values.Count))} values are {Figures.Count((long)count)} runs; at most {Limits.RunsStartedAtOnce} are started at once.");
        if (problems.Count > 0)
        {
            var read = check(first);
            return new SpecCombinations(varied, [], [],
                new CheckedSpec(read.Spec, problems.Concat(read.Problems.Where(other => !problems.ContainsKey(other.Key)))
                    .ToDictionary(StringComparer.Ordinal)));
        }

        List<SpecCombination> possible = [];
        List<ImpossibleCombination> impossible = [];
        CheckedSpec? firstRead = null;
        for (var i = 0; i < (int)count; i++)
        {
            var values = ValuesOf(varied, i);
            var read = check(varied.Zip(values).Aggregate(first, (one, value) => one.With(value.First.Field, value.Second)));
            firstRead ??= read;
            if (read.IsValid)
                possible.Add(new SpecCombination(values, read.Spec));
            else
                impossible.Add(new ImpossibleCombination(values, read.Problems.First().Value));
        }

        // Where none can be trained, something is wrong with the form itself, and it says so at its fields.
        return possible is [var trained, ..] ? new SpecCombinations(varied, possible, impossible,
            new CheckedSpec(trained.Spec, new Dictionary<string, string>()))
            : new SpecCombinations(varied, [], [], firstRead!);
    }

    /// <summary>The values of one combination, counted from 0.</summary>
    private static string[] ValuesOf(List<VariedField> varied, int number)
    {
        var values = new string[varied.Count];
        for (var i = varied.Count - 1; i >= 0; i--)
            (number, values[i]) = (number / varied[i].Values.Count, varied[i].Values[number % varied[i].Values.Count]);
        return values;
    }
}
