namespace ExperimentHub.Web.Telemetry;

/// <summary>Who is told how the hub is. Without any, nothing of it is loaded.</summary>
/// <param name="Prometheus">Whether <c>/metrics</c> answers.</param>
/// <param name="Otlp">Where metrics, traces and logs are sent; null sends nothing.</param>
/// <param name="OtlpOverHttp">As protobuf over HTTP instead of gRPC.</param>
internal sealed record TelemetryOptions(bool Prometheus, Uri? Otlp, bool OtlpOverHttp)
{
    public bool IsOn => Prometheus || Otlp is not null;

    public static TelemetryOptions Read(IConfigurationSection section, List<string> problems)
    {
        var prometheus = false;
        if (section["Prometheus"] is { Length: > 0 } on && !bool.TryParse(on, out prometheus))
            problems.Add($"{section.Path}:Prometheus is '{on}', but must be true or false.");
        Uri? otlp = null;
        if (section["Otlp"] is { Length: > 0 } address && !(Uri.TryCreate(address, UriKind.Absolute, out otlp) && otlp.Scheme is "http" or "https"))
            problems.Add($"{section.Path}:Otlp is '{address}', but must be the address of a collector, such as http://127.0.0.1:4317.");
        var protocol = section["OtlpProtocol"];
        if (protocol is not (null or "" or "grpc" or "http"))
            problems.Add($"{section.Path}:OtlpProtocol is '{protocol}', but must be grpc or http.");
        return new TelemetryOptions(prometheus, otlp, protocol == "http");
    }
}
