using System.Text.Json.Serialization;

namespace ExperimentHub.Protocol.Devices;

/// <summary>A device that exists: what a run really used, or what a machine has.</summary>
/// <param name="Kind"><c>cpu</c> or <c>cuda</c>.</param>
/// <param name="Index">The GPU's number; 0 for the CPU.</param>
/// <param name="Name">The hardware's own name, such as <c>AMD EPYC 9B14</c>.</param>
public sealed record DeviceInfo(string Kind, int Index, string Name)
{
    /// <summary>The name that torch takes: <c>cpu</c> or <c>cuda:0</c>.</summary>
    [JsonIgnore]
    public string TorchName => Kind == DeviceRequest.Cpu ? Kind : $"{Kind}:{Index}";
}
