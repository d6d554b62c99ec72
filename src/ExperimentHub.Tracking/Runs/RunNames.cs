namespace ExperimentHub.Tracking.Runs;

/// <summary>Readable default names such as <c>brave-falcon-12</c>; the number is the run's own, so that two runs never look alike.</summary>
public static class RunNames
{
    private static readonly string[] Adjectives =
    [
        "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "cosmic", "crisp", "daring", "eager", "fleet", "gentle", "golden",
        "happy", "humble", "jolly", "keen", "kind", "lively", "lucid", "lunar", "mellow", "merry", "misty", "nimble", "noble", "patient",
        "polar", "proud", "quick", "quiet", "rapid", "ruby", "sharp", "shy", "silent", "silver", "sleek", "solar", "steady", "sunny",
        "swift", "tidy", "vivid", "warm", "wild", "wise", "witty", "zesty",
    ];

    private static readonly string[] Animals =
    [
        "badger", "bear", "beaver", "bison", "crane", "deer", "dolphin", "eagle", "egret", "falcon", "ferret", "finch", "fox", "gecko",
        "hare", "hawk", "heron", "ibex", "jay", "kestrel", "koala", "lark", "lemur", "lion", "lynx", "magpie", "marten", "mole", "moose",
        "newt", "ocelot", "orca", "osprey", "otter", "owl", "panda", "pelican", "puffin", "quail", "raven", "robin", "seal", "sparrow",
        "stork", "swan", "tapir", "tern", "tiger", "toad", "viper", "walrus", "wolf", "wren", "yak",
    ];

    public static string Make(long number) =>
        $"{Adjectives[Random.Shared.Next(Adjectives.Length)]}-{Animals[Random.Shared.Next(Animals.Length)]}-{number}";
}
