using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace ExperimentHub.Web.Tests;

/// <summary>The whole app behind the real server on a free port, where what the server itself makes of a request counts.</summary>
internal static class HubServer
{
    /// <summary>To be called before anything else of the app.</summary>
    public static HttpClient Serve(this HubApp app)
    {
        app.UseKestrel(0);
        app.StartServer();
        // As other clients do, it sends what it is given, also where that is not ASCII.
        return new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 })
        {
            BaseAddress =
            new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single())
        };
    }
}
