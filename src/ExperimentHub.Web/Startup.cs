using System.Net;
using System.Net.Sockets;

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
        $"The data folder {dataFolder} cannot be used: {why.Message} Let the user who runs the hub write there, or choose another folder with --Hub:DataFolder=<folder>.";

    /// <summary>
    /// Says which of the addresses is taken. The server would find out itself, but only after the database is open, and with two stack traces.
    /// </summary>
    public static IEnumerable<string> TakenAddresses(string urls)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var uri = new Uri(url);
            if (uri.Port == 0 || !IPAddress.TryParse(uri.Host == "localhost" ? "127.0.0.1" : uri.Host.Trim('[', ']'), out var address))
                continue;
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // As the server does: an address that a former hub has just left may be used again.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            if (Refuses(socket, new IPEndPoint(address, uri.Port)))
                yield return $"{url} is taken by another program. Stop that one, or choose another address with --urls http://127.0.0.1:<port>.";
        }
    }

    private static bool Refuses(Socket socket, IPEndPoint address)
    {
        try
        {
            socket.Bind(address);
            socket.Listen();
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return true;
        }
    }
}
