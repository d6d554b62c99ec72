
namespace ExperimentHub.Execution.Trainers;

/// <summary>
/// Which of the hub's environment variables a trainer gets: what finds programs and libraries, names the place and the language, tells CUDA, OpenMP
/// and .NET what to do, and lets a data set be fetched. Everything else stays behind, so that keys and tokens that happen to be set for other
/// programs do not reach what trains.
/// </summary>
internal static class TrainerEnvironment
{
    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "PATH", "HOME", "USER", "LOGNAME", "HOSTNAME", "LANG", "LANGUAGE", "TZ", "TZDIR", "TMPDIR", "TMP", "TEMP", "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "LD_LIBRARY_PATH", "LD_PRELOAD", "GOMP_CPU_AFFINITY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS",
    };

    private static readonly string[] Prefixes =
    [
        "LC_", "CUDA_", "NVIDIA_", "NCCL_", "CUBLAS_", "CUDNN_", "OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS_", "ONEDNN_", "DNNL_", "ATEN_",
        "TORCH_", "PYTORCH_",
        "MALLOC_", "DOTNET_", "COMPlus_", "EXPERIMENTHUB_", "npm_config_",
    ];

    /// <summary>Words in the names of secrets, and the mark of a section in the names of settings (ConnectionStrings__Hub).</summary>
    private static readonly string[] Secrets =
        ["__", "SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "_AUTH", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY"];

    public static bool Passes(string name) =>
        (Names.Contains(name) || Prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)))
        && !Secrets.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>Takes away what a process that is started would inherit beyond that.</summary>
    public static void Limit(IDictionary<string, string?> environment)
    {
        foreach (var name in environment.Keys.Where(name => !Passes(name)).ToList())
            environment.Remove(name);
    }
}
