using System.Net;
using System.Net.Sockets;

namespace ExperimentHub.Web.Security;

/// <summary>
/// Where a hub may be reached. There is no sign-in yet, so that is this machine alone: loopback addresses and Unix sockets. This is the only place
/// that judges; settings are judged before anything is opened, so that a person reads which one is wrong, and every address once more in the moment
/// it would be bound
/// (<see cref="GuardedListeners"/>), whoever asked for it.
/// </summary>
internal static class Listening
{
    public const string Default = "http://127.0.0.1:5080";

    private const string Remedy =
        "There is no sign-in yet, so only loopback addresses such as http://127.0.0.1:5080 and Unix sockets are allowed; reach a remote hub through "
            + "an SSH tunnel "
        + "(ssh -L 5080:127.0.0.1:5080 server).";

    public static bool Allows(EndPoint address) => address switch
    {
        IPEndPoint ip => IPAddress.IsLoopback(ip.Address),
        UnixDomainSocketEndPoint => true,
        _ => false, // a handle that somebody else opened may be bound to anything
    };

    public static string Refusal(EndPoint address) => $"The hub was about to listen on {address}, which other machines could reach. {Remedy}";

    /// <summary>
    /// Every address in the settings, with the name of the setting. What of it counts is decided by the server; what must not count is refused in any
    /// case.
    /// </summary>
    public static IEnumerable<(string Setting, string Address)> Configured(IConfiguration configuration)
    {
        foreach (var url in (configuration[WebHostDefaults.ServerUrlsKey] ?? "").Split(';',
            StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            yield return ("Urls", url);
        foreach (var endpoint in configuration.GetSection("Kestrel:Endpoints").GetChildren())
        {
            if (endpoint["Url"] is { } url)
                yield return ($"{endpoint.Path}:Url", url);
        }
    }

    /// <summary>
    /// What is wrong with the addresses in the settings. Ports without an address (<c>HTTP_PORTS</c>, which container images set) stand for every
    /// address of the machine; they are not among them, because <see cref="UseDefault"/> makes sure that they never count.
    /// </summary>
    public static IEnumerable<string> Problems(IConfiguration configuration)
    {
        foreach (var (setting, text) in Configured(configuration))
        {
            if (Parse(text) is not { } address)
                yield return $"{setting} contains '{text}', which is no address. Write it like {Default}.";
            else if (address.IsUnixPipe)
                foreach (var problem in SocketFile.Problems(address.UnixPipePath))
                    yield return $"{setting}: {problem}";
            else if (!IsLoopback(address.Host))
                yield return $"{setting} contains '{text}', which other machines could reach. {Remedy}";
        }
    }

    /// <summary>Addresses that will be bound, as far as the settings say: those of <c>Kestrel:Endpoints</c> come before <c>Urls</c>.</summary>
    public static IEnumerable<BindingAddress> Effective(IConfiguration configuration)
    {
        var all = Configured(configuration).ToLookup(address => address.Setting == "Urls", address => Parse(address.Address));
        var preferUrls = string.Equals(configuration[WebHostDefaults.PreferHostingUrlsKey], "true", StringComparison.OrdinalIgnoreCase);
        return (all[false].Any() && !preferUrls ? all[false] : all[true]).OfType<BindingAddress>();
    }

    /// <summary>
    /// The address where nobody names one, also where the settings file is not found; with it, ports without an address are never taken for every
    /// address of the machine. A socket takes the place of all of them.
    /// </summary>
    public static void UseDefault(ConfigurationManager configuration)
    {
        ((IConfigurationBuilder)configuration).Sources.Insert(0,
            new Microsoft.Extensions.Configuration.Memory.MemoryConfigurationSource { InitialData = [new(WebHostDefaults.ServerUrlsKey, Default)] });
        if (configuration["Hub:Socket"] is not { Length: > 0 } socket)
            return;
        // A relative path is meant inside the data folder, which is this user's alone.
        configuration[WebHostDefaults.ServerUrlsKey] = $"http://unix:{Path.GetFullPath(socket, HubOptions.DataFolderOf(configuration))}";
        configuration[WebHostDefaults.PreferHostingUrlsKey] = "true";
    }

    private static BindingAddress? Parse(string text)
    {
        try
        {
            return BindingAddress.Parse(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
