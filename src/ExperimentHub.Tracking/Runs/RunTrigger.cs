namespace ExperimentHub.Tracking.Runs;

/// <summary>What made a run.</summary>
public enum RunTrigger
{
    /// <summary>A person in the browser.</summary>
    Person,

    /// <summary>A program, over HTTP.</summary>
    Api,

    /// <summary>A schedule that fired.</summary>
    Schedule,
}
