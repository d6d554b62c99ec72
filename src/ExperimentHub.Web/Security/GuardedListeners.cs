using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace ExperimentHub.Web.Security;

/// <summary>
/// Opens the server's sockets, and only those that <see cref="Listening"/> allows. It is asked with the address that would really be bound, whatever
/// configured it, and nothing is open when it refuses.
/// </summary>
internal sealed class GuardedListeners(IOptions<SocketTransportOptions> options, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    /// <summary>Every address comes here: one that this class left to others would be bound by them.</summary>
    public bool CanBind(EndPoint endpoint) => true;

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (!Listening.Allows(endpoint))
            throw new ListeningRefusedException(Listening.Refusal(endpoint));
        if (endpoint is not UnixDomainSocketEndPoint)
            return await _sockets.BindAsync(endpoint, cancellationToken);
        var path = endpoint.ToString()!;
        SocketFile.Prepare(path);
        var listener = await _sockets.BindAsync(endpoint, cancellationToken);
        SocketFile.Close(path);
        return listener;
    }
}

/// <summary>Something asked the server to listen where others could reach it.</summary>
internal sealed class ListeningRefusedException(string message) : Exception(message);
