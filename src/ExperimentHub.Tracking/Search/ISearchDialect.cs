namespace ExperimentHub.Tracking.Search;

/// <summary>What databases spell differently in a search. How is the provider's matter.</summary>
public interface ISearchDialect
{
    /// <summary>A condition that is true where the text has the form of the pattern, and unknown where there is no text.</summary>
    /// <param name="text">An SQL expression.</param>
    /// <param name="pattern">Whose <see cref="LikePattern.Pieces"/> the condition stands for.</param>
    /// <param name="ignoreCase">As <see cref="Names.NameRule.Folded"/> does.</param>
    /// <param name="isLong">The text may have thousands of characters: <see cref="Queries.QueryWatch.MustEnd"/> is asked before each
    /// comparison.</param>
    /// <param name="parameter">Takes a value and returns its placeholder.</param>
    string Like(string text, LikePattern pattern, bool ignoreCase, bool isLong, Func<object, string> parameter);

    /// <summary>An SQL expression for the <see cref="Names.NameRule.Key"/> of a name.</summary>
    /// <param name="name">An SQL expression.</param>
    string NameKey(string name);
}
