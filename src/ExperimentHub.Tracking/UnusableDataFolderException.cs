namespace ExperimentHub.Tracking;

/// <summary>A data folder that a hub must not open. The message is for a person: what is wrong, and what to do.</summary>
public sealed class UnusableDataFolderException(string message, Exception? inner = null) : Exception(message, inner);
