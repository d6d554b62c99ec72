using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Names;
using ExperimentHub.Tracking.Runs;
using ExperimentHub.Web.Api;
using ExperimentHub.Web.Compare;
using ExperimentHub.Web.Edits;
using ExperimentHub.Web.Layout;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using MudBlazor;
using MudBlazor.Services;

namespace ExperimentHub.Web;

/// <summary>What a person sees: Blazor components over one circuit per open page.</summary>
public static class PagesSetup
{
    /// <summary>
    /// The longest notes in one message of a circuit, in the longest spelling: of each UTF-16 unit JSON may make six bytes. SignalR's own 32 KiB end
    /// the circuit of whoever writes 11,000 Chinese characters, and what was written is lost.
    /// </summary>
    private static readonly long MaxMessageBytes = 6L * NameRule.MaxUnits(Run.MaxNotesLength) + 32 * 1024;

    public static IServiceCollection AddPages(this IServiceCollection services, DataFolder folder)
    {
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // A page keeps nothing that is not in its address or the database, so few circuits are worth keeping for long.
            circuits.DisconnectedCircuitMaxRetained = 20;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            circuits.JSInteropDefaultCallTimeout = TimeSpan.FromSeconds(30);
        }).AddHubOptions(messages => messages.MaximumReceiveMessageSize = MaxMessageBytes);
        services.AddMudServices(mud =>
        {
            mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomRight;
            mud.SnackbarConfiguration.SnackbarVariant = Variant.Text;
            mud.SnackbarConfiguration.VisibleStateDuration = 5000;
            mud.SnackbarConfiguration.ShowTransitionDuration = 100;
            mud.SnackbarConfiguration.HideTransitionDuration = 100;
            mud.SnackbarConfiguration.PreventDuplicates = true;
        });
        services.AddScoped<Confirmation>();
        services.AddScoped<EditConflicts>();
        services.AddSingleton<MistakePairs>();
        DataFolder.Create(folder.Keys);
        services.AddDataProtection().SetApplicationName("ExperimentHub").PersistKeysToFileSystem(new DirectoryInfo(folder.Keys));
        return services;
    }

    public static void MapPages(this WebApplication app)
    {
        // The framework does this only in the Development environment; without it the packages' files are missing under `dotnet run`.
        // In a published folder there is no such list, and nothing happens.
        if (!app.Environment.IsDevelopment())
            StaticWebAssetsLoader.UseStaticWebAssets(app.Environment, app.Configuration);

        app.UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true);
        app.Use((context, next) =>
        {
            if (!IsPage(context) && context.Features.Get<IStatusCodePagesFeature>() is { } pages)
                pages.Enabled = false;
            return next(context);
        });
        // Our own wwwroot has no fingerprints: the browser keeps the files, but asks each time whether they changed. The packages' files lie there
        // too, and have endpoints that know their compressed copies.
        app.UseWhen(context => !context.Request.Path.StartsWithSegments("/_content", StringComparison.Ordinal),
            own => own.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" }));
        // Said aloud, because it would otherwise come first, and no static file is served once an endpoint was chosen.
        app.UseRouting();
        app.UseAntiforgery();
        // Under `dotnet run` the framework would look at each file anew, keep none in the browser and send those that it compresses itself no smaller
        // than they are.
        app.Configuration["ReloadStaticAssetsAtRuntime"] ??= "false";
        app.MapStaticAssets();
        app.MapRazorComponents<App>()
            // The hub's own policy already forbids every frame.
            .AddInteractiveServerRenderMode(server => server.ContentSecurityFrameAncestorsPolicy = null)
            .AnswerHead();
    }

    /// <summary>A person who looks for a page gets one of ours as an answer; a program gets problem details.</summary>
    internal static bool IsPage(HttpContext context) =>
        (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        && !context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
        && context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
}
