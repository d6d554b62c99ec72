using System.Net;
using System.Net.Sockets;
using ExperimentHub.Web.Security;

namespace ExperimentHub.Web;

/// <summary>How a hub that must not start says so: every reason on standard error, no stack trace, exit code 1.</summary>
internal static class Startup
{
    public static int Refuse(IEnumerable<string> problems)
    {
        Console.Error.WriteLine("ExperimentHub did not start:");
        foreach (var problem in problems)
            Console.Error.WriteLine($"  - {problem}");
        return 1;
    }

    /// <summary>A data folder that cannot be made or written to, as a volume that belongs to somebody else.</summary>
    public static string Unusable(string dataFolder, Exception why) =>
        $"The data folder {dataFolder} cannot be used: {why.Message.TrimEnd('.')}. Let the user who runs the hub write there, or choose another "
            + "folder with --Hub:DataFolder=<folder>.";

    /// <summary>
    /// Says which of the addresses is taken. The server would find out itself, but only after the database is open, and with two stack traces.
    /// </summary>
    public static IEnumerable<string> TakenAddresses(IConfiguration configuration)
    {
        foreach (var wanted in Listening.Effective(configuration))
        {
            if (wanted.IsUnixPipe || wanted.Port == 0
                || !IPAddress.TryParse(string.Equals(wanted.Host, "localhost", StringComparison.OrdinalIgnoreCase)
                    ? "127.0.0.1" : wanted.Host.Trim('[', ']'), out var address))
                continue;
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // As the server does: an address that a former hub has just left may be used again.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (Refusal(socket, new IPEndPoint(address, wanted.Port)) is { } refusal)
                yield return $"{wanted} {refusal}. Choose another address with --urls http://127.0.0.1:<port>.";
        }
    }

    /// <summary>
    /// Where settings and wwwroot lie: beside the program or, while it is developed, at the repository's root above it. The folder in which somebody
    /// happens to start the hub says nothing about that.
    /// </summary>
    /// <returns>null where the command line or the environment name the folder.</returns>
    public static string? ContentRoot(string[] args)
    {
        if (new ConfigurationBuilder().AddEnvironmentVariables("DOTNET_").AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args)
            .Build()[WebHostDefaults.ContentRootKey] is { Length: > 0 })
            return null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "appsettings.json")) && Directory.Exists(Path.Combine(folder.FullName, "wwwroot")))
                return folder.FullName;
        }

        return null;
    }

    private static string? Refusal(Socket socket, IPEndPoint address)
    {
        try
        {
            socket.Bind(address);
            socket.Listen();
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "is taken by another program. Stop that one, or take another port",
                SocketError.AccessDenied => "needs rights that the hub does not have (ports below 1024 do)",
                _ => null, // such as a machine without IPv6: the server knows best
            };
        }
    }
}
