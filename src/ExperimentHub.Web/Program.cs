using ExperimentHub.Execution;
using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Artifacts;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Tracking.Nodes;
using ExperimentHub.Web;
using ExperimentHub.Web.Api;
using ExperimentHub.Web.Security;
using ExperimentHub.Web.Telemetry;
using Microsoft.AspNetCore.Connections;

// Before anything else: a hub may be told to end at any moment.
using var ending = new HubEnding();
OwnFolder.MakeEverythingPrivate();
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Startup.ContentRoot(args) });
Listening.UseDefault(builder.Configuration);
if (HubOptions.Read(builder.Configuration, out var hub) is { Count: > 0 } problems)
    return Startup.Refuse(problems);
if (Startup.TakenAddresses(builder.Configuration).ToList() is { Count: > 0 } taken)
    return Startup.Refuse(taken);

DataFolder folder;
DataFolderLock folderLock;
try
{
    folder = new DataFolder(hub.DataFolder);
    folderLock = DataFolderLock.Take(folder);
}
catch (Exception e) when (e is DataFolderInUseException or UnusableDataFolderException)
{
    return Startup.Refuse([e.Message]);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    return Startup.Refuse([Startup.Unusable(hub.DataFolder, e)]);
}

using var heldUntilTheEnd = folderLock;
builder.Services.AddTracking(folder, hub.Datasets, hub.ExperimentFiles, hub.Deletions, new ThisNode(hub.Node));
builder.Services.AddSqliteTracking(folder);
builder.Services.AddExecution(hub.Execution, SqliteDatabase.Driver,
    SqliteDatabase.ConnectionString(folder.QuartzDatabase, SqliteDatabase.PatientBusyTimeout));
builder.Services.AddPages(folder);
builder.Services.AddApi();
builder.Services.AddHubSecurity();
builder.Services.AddPagePlaces(hub.Connections);
builder.Services.AddCompression();
builder.Services.AddTelemetry(hub.Telemetry);

// Disposed last: what was logged before a refusal is written.
await using var app = builder.Build();
if (folder.Changed is { } changed)
    app.Logger.LogWarning("{Change}", changed);
try
{
    ending.ThrowIfAsked();
    // May be broken off anywhere: the database is the old one until the new one is complete.
    await SqliteDatabase.PrepareAsync(app.Services, folder, hub.BeginAnew, ending.Asked);
    if (await ExecutionSetup.TryScheduleAsync(SqliteDatabase.Driver, SqliteDatabase.ConnectionString(folder.QuartzDatabase),
        ending.Asked) is { } refusal)
        await SqliteDatabase.RenewScheduleAsync(app.Services, folder, refusal);
    ending.ThrowIfAsked();
    await app.Services.GetRequiredService<ArtifactStore>().RemoveLeftoversAsync();
    app.Services.GetRequiredService<DatasetUploads>().RemoveLeftovers();
    await app.Services.GetRequiredService<ExperimentImports>().RemoveLeftoversAsync();
    app.UseProblemAnswers();
    app.UseHubSecurity();
    app.UsePagePlaces();
    app.UseResponseCompression();
    app.MapApi();
    app.MapTelemetry(hub.Telemetry);
    app.MapPages();
    await ending.RunAsync(app);
    return 0;
}
catch (OperationCanceledException e) when (ending.Explains(e))
{
    // It was told to end before it had started, and nothing was begun that is not done.
    return 0;
}
catch (UnusableDataFolderException e)
{
    return Startup.Refuse([e.Message]);
}
catch (Exception e) when (e is ListeningRefusedException or IOException { InnerException: AddressInUseException })
{
    return Startup.Refuse([e.Message]);
}
catch (Exception e) when (SqliteDatabase.Explain(e, folder) is { } words)
{
    return Startup.Refuse([words]);
}
