using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Tracking.Devices;

/// <summary>
/// The devices of this machine as the trainer's self-test saw them, so that queue and pages agree. The hub itself never loads torch: the
/// report comes from a trainer process soon after the start, and is null until then.
/// </summary>
public sealed class DeviceInventory
{
    private volatile SelfTestReport? _report;

    /// <summary>Raised on the thread that brings a new report.</summary>
    public event Action? Changed;

    public SelfTestReport? Report
    {
        get => _report;
        set
        {
            _report = value;
            Changed?.Invoke();
        }
    }

    public IReadOnlyList<DeviceInfo> Gpus => [.. (_report?.Devices ?? []).Where(device => device.Kind == DeviceRequest.Cuda)];

    public DeviceInfo? CpuDevice => _report?.Devices.FirstOrDefault(device => device.Kind == DeviceRequest.Cpu);

    /// <summary>The group that a request waits in. <c>auto</c> is the tutorial's rule: CUDA if this machine has it, else the CPU.</summary>
    public string GroupOf(DeviceRequest request) =>
        request.Kind != DeviceRequest.Auto ? request.Kind : Gpus.Count > 0 ? DeviceRequest.Cuda : DeviceRequest.Cpu;

    /// <summary>Why a request cannot be served by any device of this machine; null where it can, or while that is not known yet.</summary>
    public string? WhyNot(DeviceRequest request)
    {
        if (_report is not { } report)
            return null;
        if (report.TorchVersion is null)
            return $"The trainer does not work on this machine: {report.Problem} {report.Remedy}".TrimEnd();
        if (request.Kind != DeviceRequest.Cuda)
            return null;
        if (Gpus.Count == 0)
            return $"No CUDA GPU can be used on this machine{(report.Problem is { } problem ? $": {problem}" : ".")} {report.Remedy}".TrimEnd();
        if (request.Index is { } index && Gpus.All(gpu => gpu.Index != index))
            return $"This machine has no {request}; it has {string.Join(", ", Gpus.Select(gpu => gpu.TorchName))}.";
        return null;
    }
}
