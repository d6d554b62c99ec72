using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Devices;
using ExperimentHub.Protocol.Trainers;

namespace ExperimentHub.Tracking.Devices;

/// <summary>
/// The devices of this machine: as the trainer's self-test saw them, so that queue and pages agree; who holds their slots; and what the
/// hardware says of itself. The hub itself never loads torch: the report comes from a trainer process soon after the start, and is null until then.
/// </summary>
public sealed class DeviceInventory(IHardware hardware, TimeProvider time)
{
    private volatile SelfTestReport? _report;
    private int _testing = 1; // the hub starts with a test

    /// <summary>Raised on the thread that brings a new report, takes or gives back a slot, or asks for a test.</summary>
    public event Action? Changed;

    /// <summary>Raised when a person asks for the self-test to be repeated; whoever hears it sets <see cref="Report"/> in the end.</summary>
    public event Action? TestRequested;

    public SelfTestReport? Report
    {
        get => _report;
        set
        {
            (_report, TestedAt) = (value, time.GetUtcNow().UtcDateTime);
            Volatile.Write(ref _testing, 0);
            Changed?.Invoke();
        }
    }

    /// <summary>UTC; when <see cref="Report"/> came, null before the first.</summary>
    public DateTime? TestedAt { get; private set; }

    /// <summary>A self-test is on its way; <see cref="Report"/> is still the one before.</summary>
    public bool IsTesting => Volatile.Read(ref _testing) == 1;

    /// <summary>Who keeps the books of the slots; nothing is in use until there is one.</summary>
    public Func<IReadOnlyList<DeviceUse>> SlotBooks { private get; set; } = () => [];

    /// <summary>Every device of the report with its slots and their holders, at this moment.</summary>
    public IReadOnlyList<DeviceUse> Use => SlotBooks();

    public IReadOnlyList<DeviceInfo> Gpus => [.. (_report?.Devices ?? []).Where(device => device.Kind == DeviceRequest.Cuda)];

    public DeviceInfo? CpuDevice => _report?.Devices.FirstOrDefault(device => device.Kind == DeviceRequest.Cpu);

    /// <summary>Asks for the self-test to be repeated. Asking again while one is on its way changes nothing.</summary>
    public void RequestTest()
    {
        if (Interlocked.Exchange(ref _testing, 1) == 1)
            return;
        Changed?.Invoke();
        TestRequested?.Invoke();
    }

    /// <summary>For whoever tests: it ended without a report, and the one before still holds.</summary>
    public void EndTest()
    {
        Volatile.Write(ref _testing, 0);
        Changed?.Invoke();
    }

    /// <summary>For the keeper of the slots: one was taken or given back.</summary>
    public void SlotsChanged() => Changed?.Invoke();

    /// <summary>What system and driver say now, read on a pool thread: a driver in trouble may take its time.</summary>
    public Task<Hardware> ReadHardwareAsync() => Task.Run(hardware.Read);

    /// <summary>What the driver says of a GPU of the report; null where it is silent or the two cannot be matched.</summary>
    public GpuFacts? FactsOf(DeviceInfo gpu, Hardware seen) =>
        _report?.PciAddresses?.GetValueOrDefault(gpu.TorchName) is { } address
            ? seen.Nvidia.Gpus.FirstOrDefault(facts => string.Equals(facts.PciAddress, address, StringComparison.OrdinalIgnoreCase))
            : null;

    /// <summary>The group that a request waits in. <c>auto</c> is the tutorial's rule: CUDA if this machine has it, else the CPU.</summary>
    public string GroupOf(DeviceRequest request) =>
        request.Kind != DeviceRequest.Auto ? request.Kind : Gpus.Count > 0 ? DeviceRequest.Cuda : DeviceRequest.Cpu;

    /// <summary>What a GPU of the report can compute; null where that is not known.</summary>
    public ComputeCapability? CapabilityOf(DeviceInfo device) => _report?.Trials.FirstOrDefault(trial => trial.Device == device)?.Capability;

    /// <summary>Whether a device of the report can do what a request needs of it.</summary>
    public bool Suits(DeviceInfo device, DeviceRequest request) => Precisions.WhyNot(request.Precision, device, CapabilityOf(device)) is null;

    /// <summary>
    /// What a spec asks of this machine's devices that none of those it may run on can ever do; null where one can, or while that is not known.
    /// </summary>
    public SpecProblem? Refusal(TrainingSpec spec) =>
        _report is not null && DeviceRequest.TryParse(spec.Device, out var asked)
            && WhyNoneSuits(asked with { Precision = spec.Precision }) is { } reason
            ? new SpecProblem("precision", reason)
            : null;

    /// <summary>Why a request cannot be served by any device of this machine; null where it can, or while that is not known yet.</summary>
    public string? WhyNot(DeviceRequest request)
    {
        if (_report is not { } report)
            return null;
        if (report.TorchVersion is null)
            return $"The trainer does not work on this machine: {report.Problem} {report.Remedy}".TrimEnd();
        if (Candidates(request).Any())
            return WhyNoneSuits(request);
        var group = GroupOf(request);
        var failed = report.Failed.Where(trial => trial.Device.Kind == group && (request.Index is null || trial.Device.Index == request.Index))
            .ToList();
        if (failed.Count > 0)
            return string.Join(" ", failed.Select(trial =>
                $"{trial.Device.TorchName} ({trial.Device.Name}) did not pass the self-test: {trial.Problem} {trial.Remedy}".TrimEnd()));
        if (group == DeviceRequest.Cpu)
            return null;
        if (Gpus.Count > 0)
            return $"This machine has no {request}; it has {string.Join(", ", Gpus.Select(gpu => gpu.TorchName))}.";
        var (problem, remedy) = report is { Problem: null, BuiltFor: DeviceRequest.Cpu }
            ? ("the trainer was built for the CPU alone.", "To use a GPU, build it with -p:TorchBackend=cuda.")
            : (report.Problem, report.Remedy);
        return $"No CUDA GPU can be used on this machine{(problem is null ? "." : $": {problem}")} {remedy}".TrimEnd();
    }

    /// <summary>The devices that a request may get, whether they suit it or not; empty while none are known.</summary>
    public IEnumerable<DeviceInfo> Candidates(DeviceRequest request)
    {
        var group = GroupOf(request);
        return (_report?.Devices ?? []).Where(device => device.Kind == group && (request.Index is null || device.Index == request.Index));
    }

    /// <summary>Why those that a request may get cannot do what it needs; null where one of them can, or where there are none.</summary>
    private string? WhyNoneSuits(DeviceRequest request)
    {
        var reasons = Candidates(request).Select(device => Precisions.WhyNot(request.Precision, device, CapabilityOf(device))).ToList();
        return reasons.Contains(null) ? null : reasons.FirstOrDefault();
    }
}
