namespace ExperimentHub.Web.Layout;

/// <summary>A part of a page.</summary>
/// <param name="Key">As it stands in the address.</param>
/// <param name="Count">How much there is to see; null where that is not counted.</param>
public sealed record Tab(string Key, string Word, int? Count = null);
