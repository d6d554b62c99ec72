namespace ExperimentHub.Tracking.ExperimentFiles;

/// <summary>A file is not what a hub exports. The message is for the person who imports it.</summary>
internal sealed class BadExperimentFileException(string message) : Exception(message);
