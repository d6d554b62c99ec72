namespace ExperimentHub.Execution.Devices;

/// <summary>What <c>/proc/cpuinfo</c> says. Its fields differ by architecture; what is not there stays unknown.</summary>
/// <param name="Model">The vendor's name.</param>
/// <param name="Cores">Physical cores, counted as pairs of package and core; null where the file does not number them.</param>
/// <param name="Processors">Logical processors.</param>
internal sealed record CpuInfo(string? Model, int? Cores, int Processors)
{
    // x86 and LoongArch; MIPS; POWER; RISC-V; and the board, the best that most 32-bit ARM files offer. 64-bit ARM servers name nothing.
    private static readonly string[] ModelFields = ["model name", "Model Name", "cpu model", "cpu", "uarch", "Model", "Hardware"];

    public static CpuInfo Parse(string text)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        var cores = new HashSet<(string Package, string Core)>();
        var (processors, package) = (0, "");
        foreach (var line in text.Split('\n'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            var (name, value) = (line[..colon].Trim(), line[(colon + 1)..].Trim());
            fields.TryAdd(name, value);
            // s390 writes "processor 0: version = ..." where the others write "processor : 0".
            if (name == "processor" || name.StartsWith("processor ", StringComparison.Ordinal))
                (processors, package) = (processors + 1, "");
            else if (name == "physical id")
                package = value;
            else if (name == "core id")
                cores.Add((package, value));
        }

        var model = ModelFields.Select(field => fields.GetValueOrDefault(field)).FirstOrDefault(value => value is { Length: > 0 });
        return new CpuInfo(model is null ? null : Tidy(model), cores.Count > 0 ? cores.Count : null, processors);
    }

    /// <summary>Without the marks and runs of blanks that some vendors put into their names.</summary>
    private static string Tidy(string model) => string.Join(' ', model
        .Replace("(R)", "", StringComparison.OrdinalIgnoreCase).Replace("(TM)", "", StringComparison.OrdinalIgnoreCase)
        .Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
