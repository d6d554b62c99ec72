using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ExperimentHub.Protocol.Devices;

/// <summary>The device that a person asks for: <c>auto</c>, <c>cpu</c>, <c>cuda</c> (any GPU) or <c>cuda:N</c> (that GPU).</summary>
/// <param name="Kind">One of <see cref="Auto"/>, <see cref="Cpu"/>, <see cref="Cuda"/>.</param>
/// <param name="Index">The GPU's number, only for <c>cuda:N</c>.</param>
public sealed record DeviceRequest(string Kind, int? Index)
{
    public const string Auto = "auto";
    public const string Cpu = "cpu";
    public const string Cuda = "cuda";
    public const int MaxIndex = 63;

    /// <summary>What else the run needs of the device: one of <see cref="Precisions"/>; null is fp32.</summary>
    public string? Precision { get; init; }

    public static bool TryParse(string? text, [NotNullWhen(true)] out DeviceRequest? request)
    {
        request = null;
        if (text is Auto or Cpu or Cuda)
            request = new DeviceRequest(text, null);
        else if (text is not null && text.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= MaxIndex
            && text == $"cuda:{index}")
            request = new DeviceRequest(Cuda, index);
        return request is not null;
    }

    /// <exception cref="FormatException">The text is not a device; a validated spec never causes it.</exception>
    public static DeviceRequest Parse(string text) =>
        TryParse(text, out var request) ? request : throw new FormatException($"'{text}' is not a device.");

    /// <summary>The device that a validated spec asks for, with what it must be able to do.</summary>
    /// <exception cref="FormatException">The spec's device is none.</exception>
    public static DeviceRequest Of(TrainingSpec spec) => Parse(spec.Device) with { Precision = spec.Precision };

    public override string ToString() => Index is { } index ? $"{Kind}:{index}" : Kind;
}
