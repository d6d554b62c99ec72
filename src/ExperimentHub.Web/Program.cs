using ExperimentHub.Execution;
using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Tracking.ExperimentFiles;
using ExperimentHub.Web;
using ExperimentHub.Web.Api;
using ExperimentHub.Web.Checkpoints;
using ExperimentHub.Web.Security;

var builder = WebApplication.CreateBuilder(args);
if (HubOptions.Read(builder.Configuration, out var hub) is { Count: > 0 } problems)
    return Startup.Refuse(problems);
if (Startup.TakenAddresses(builder.Configuration["Urls"] ?? "").ToList() is { Count: > 0 } taken)
    return Startup.Refuse(taken);

DataFolder folder;
DataFolderLock folderLock;
try
{
    folder = new DataFolder(hub.DataFolder);
    folderLock = DataFolderLock.Take(folder);
}
catch (DataFolderInUseException e)
{
    return Startup.Refuse([e.Message]);
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    return Startup.Refuse([Startup.Unusable(hub.DataFolder, e)]);
}

using var heldUntilTheEnd = folderLock;
builder.Services.AddTracking(folder, hub.Datasets, hub.ExperimentFiles);
builder.Services.AddSqliteTracking(folder);
builder.Services.AddExecution(hub.Execution, SqliteDatabase.Driver, SqliteDatabase.ConnectionString(folder.QuartzDatabase, SqliteDatabase.PatientBusyTimeout));
builder.Services.AddPages(folder);
builder.Services.AddApi();
builder.Services.AddHubSecurity();
builder.Services.AddCompression();

var app = builder.Build();
await SqliteDatabase.PrepareAsync(app.Services, folder);
app.Services.GetRequiredService<DatasetUploads>().RemoveLeftovers();
await app.Services.GetRequiredService<ExperimentImports>().RemoveLeftoversAsync();
app.UseHubSecurity();
app.UseResponseCompression();
app.MapApi();
app.MapCheckpointDownloads();
app.MapPages();
await app.RunAsync();
return 0;
