using System.Net.Sockets;
using System.Text;
using ExperimentHub.Protocol.Files;

namespace ExperimentHub.Web.Security;

/// <summary>
/// A Unix socket as a file: in a folder that is this user's alone, itself for this user alone from its first moment (the process makes everything
/// so), and never in place of something else.
/// </summary>
internal static class SocketFile
{
    /// <summary>sun_path of Linux (unix(7)), without its closing zero.</summary>
    private const int LongestPath = 107;

    /// <summary>Why nobody can listen there, for a person.</summary>
    public static IEnumerable<string> Problems(string path)
    {
        if (!Path.IsPathFullyQualified(path))
            yield return $"'{path}' is no path from the root. Write http://unix:/path, or use Hub:Socket.";
        else if (Encoding.UTF8.GetByteCount(path) > LongestPath)
            yield return $"the path {path} is too long for a socket; at most {LongestPath} bytes are possible. Choose a shorter one with "
                + "--Hub:Socket=<path>.";
        else if (Problem(path) is { } problem)
            yield return problem;
    }

    /// <summary>Makes room for a socket: its folder, and no file of a hub that was killed.</summary>
    /// <exception cref="ListeningRefusedException">Nobody can listen there; the message says why.</exception>
    public static void Prepare(string path)
    {
        if (OwnFolder.Claim(Path.GetDirectoryName(path)!).Problem is { } folder)
            throw new ListeningRefusedException(folder);
        if (Problem(path) is { } problem)
            throw new ListeningRefusedException(problem);
        if (OwnFile.KindOf(path) == FileKind.Socket)
            File.Delete(path);
    }

    /// <summary>Leaves out the right to execute, which means nothing for a socket.</summary>
    public static void Close(string path) => File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private static string? Problem(string path) => OwnFile.KindOf(path) switch
    {
        FileKind.Nothing => null,
        FileKind.Socket when !Answers(path) => null,
        FileKind.Socket => $"Another program listens on {path}. Stop that one, or choose another path with --Hub:Socket=<path>.",
        _ => $"{path} is there already and no socket, so it is left alone. Choose another path with --Hub:Socket=<path>.",
    };

    private static bool Answers(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException e)
        {
            // Whatever else it is, somebody may be there.
            return e.SocketErrorCode != SocketError.ConnectionRefused;
        }
    }
}
