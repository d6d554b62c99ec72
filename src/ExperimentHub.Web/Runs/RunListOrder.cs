using ExperimentHub.Tracking.Runs;

namespace ExperimentHub.Web.Runs;

/// <summary>The order of a short list of runs, as it stands in the address: a word, with a minus before it for the greatest first.</summary>
public sealed record RunListOrder(RunOrder By = RunOrder.Created, bool Descending = true)
{
    /// <summary>A word that means nothing is the newest first.</summary>
    public static RunListOrder Of(string? text) => Enum.TryParse<RunOrder>(text?.TrimStart('-'), ignoreCase: true, out var by) && Enum.IsDefined(by)
        ? new RunListOrder(by, text!.StartsWith('-'))
        : new RunListOrder();

    /// <summary>null for the newest first.</summary>
    public string? Text => this == new RunListOrder() ? null : $"{(Descending ? "-" : "")}{By.ToString().ToLowerInvariant()}";

    /// <summary>A click on a column: its better end first, the other end at the second click.</summary>
    public RunListOrder SortedBy(RunOrder order) => new(order, By == order ? !Descending : order is RunOrder.Created or RunOrder.Accuracy);
}
