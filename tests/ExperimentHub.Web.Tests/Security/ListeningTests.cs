using System.Net;
using System.Net.Sockets;
using ExperimentHub.TestHub;
using ExperimentHub.Web.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;

namespace ExperimentHub.Web.Tests.Security;

/// <summary>Nothing but loopback and Unix sockets is ever bound, whatever asks for it.</summary>
public sealed class ListeningTests
{
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.8.8", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:0.0.0.0", false)]
    [InlineData("192.168.1.5", false)]
    [InlineData("fe80::1", false)]
    public void Allows_AnAddress_OnlyIfItIsLoopback(string address, bool allowed) =>
        Assert.Equal(allowed, Listening.Allows(new IPEndPoint(IPAddress.Parse(address), 5080)));

    [Fact]
    public void Allows_AHandleOfSomebodyElse_Never() => Assert.False(Listening.Allows(new FileHandleEndPoint(3, FileHandleType.Tcp)));

    [Theory]
    [InlineData("--urls=http://+:0")]
    [InlineData("--urls=http://*:0")]
    [InlineData("--urls=http://0.0.0.0:0")]
    [InlineData("--urls=http://[::]:0")]
    [InlineData("--urls=http://some-host:0")]
    [InlineData("--urls=http://127.0.0.1:0;http://0.0.0.0:0")]
    [InlineData("--HTTP_PORTS=0")]
    [InlineData("--Kestrel:Endpoints:X:Url=http://0.0.0.0:0")]
    [InlineData("code")]
    public async Task Server_AskedToListenBeyondLoopback_RefusesBeforeAnythingIsOpen(string how)
    {
        var builder = WebApplication.CreateSlimBuilder(how == "code" ? [] : [how]);
        builder.Services.AddHubSecurity();
        if (how == "code")
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(0));
        await using var app = builder.Build();
        Exception? refusal = await Record.ExceptionAsync(() => app.StartAsync());
        while (refusal is not null and not ListeningRefusedException)
            refusal = refusal.InnerException;
        Assert.Contains("other machines could reach", Assert.IsType<ListeningRefusedException>(refusal).Message);
    }

    [Theory]
    [InlineData("--urls=http://localhost:0", false)] // a port for each of two addresses must be named
    [InlineData("--urls=http://127.0.0.1:0", true)]
    [InlineData("--urls=http://[::1]:0", true)]
    [InlineData("--Kestrel:Endpoints:X:Url=http://127.0.0.1:0", true)]
    public async Task Server_AskedToListenOnLoopback_Does(string how, bool starts)
    {
        if (how.Contains("::1", StringComparison.Ordinal) && !Socket.OSSupportsIPv6)
            return;
        var builder = WebApplication.CreateSlimBuilder([how]);
        builder.Services.AddHubSecurity();
        await using var app = builder.Build();
        var problem = await Record.ExceptionAsync(() => app.StartAsync());
        Assert.Equal(starts, problem is null);
        Assert.IsNotType<ListeningRefusedException>(problem);
    }

    [Theory]
    [InlineData("urls", "http://0.0.0.0:5080", "Urls contains")]
    [InlineData("urls", "http://127.0.0.1:1;http://name:2", "http://name:2")]
    [InlineData("urls", "nonsense", "no address")]
    [InlineData("Kestrel:Endpoints:Http:Url", "http://*:80", "Kestrel:Endpoints:Http:Url contains")]
    public void Problems_OfASetting_NameIt(string name, string value, string words)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(name, value)]).Build();
        Assert.Contains(words, Assert.Single(Listening.Problems(configuration)));
    }

    /// <summary>As container images set it, and from a folder where no settings lie.</summary>
    [Theory]
    [InlineData("ASPNETCORE_HTTP_PORTS", "8080")]
    [InlineData("HTTPS_PORTS", "8443")]
    public async Task Start_WithPortsOfTheEnvironmentFromElsewhere_ListensOnTheUsualAddress(string name, string value)
    {
        if (IsTaken(5080))
            Assert.Skip("Another program listens on the usual address.");
        var (data, elsewhere) = (HubProcess.NewFolder(), Directory.CreateTempSubdirectory("elsewhere"));
        try
        {
            await using var hub = await HubProcess.StartElsewhereAsync(data, elsewhere.FullName, (name, value));
            Assert.Equal(new Uri(Listening.Default), hub.Address);
            Assert.False(IsTaken(int.Parse(value, System.Globalization.CultureInfo.InvariantCulture)));
            Assert.NotEmpty(await hub.Http.GetStringAsync(new Uri("/app.css", UriKind.Relative)));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
            elsewhere.Delete(recursive: true);
        }
    }

    private static bool IsTaken(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
