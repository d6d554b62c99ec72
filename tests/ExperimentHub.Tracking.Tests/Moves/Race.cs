using ExperimentHub.TestHub.Races;

namespace ExperimentHub.Tracking.Tests.Moves;

/// <summary>Two who move one thing at the same moment.</summary>
/// <param name="Prepare">Makes the thing.</param>
/// <param name="Overtaken">What both are told where the second acts between what the first reads and what it writes: "first | second".</param>
/// <param name="Others">What else may come of it where neither waits for the other.</param>
public sealed record Race(string Name, Func<TwoHubs, Task<Contest>> Prepare, string Overtaken, params string[] Others)
{
    public override string ToString() => Name;
}

/// <param name="Check">What must be true afterwards, whoever won.</param>
public sealed record Contest(Func<EmptyHub, Task<string>> First, Func<EmptyHub, Task<string>> Second, Func<EmptyHub, Task>? Check = null);
