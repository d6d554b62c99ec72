using ExperimentHub.Execution;
using ExperimentHub.Migrations.Sqlite;
using ExperimentHub.Tracking;
using ExperimentHub.Tracking.Datasets;
using ExperimentHub.Web;
using ExperimentHub.Web.Api;
using ExperimentHub.Web.Checkpoints;
using ExperimentHub.Web.Security;

var builder = WebApplication.CreateBuilder(args);
if (HubOptions.Read(builder.Configuration, out var hub) is { Count: > 0 } problems)
    return Startup.Refuse(problems);
if (Startup.TakenAddresses(builder.Configuration["Urls"] ?? "").ToList() is { Count: > 0 } taken)
    return Startup.Refuse(taken);

var folder = new DataFolder(hub.DataFolder);
DataFolderLock folderLock;
try
{
    folderLock = DataFolderLock.Take(folder);
}
catch (DataFolderInUseException e)
{
    return Startup.Refuse([e.Message]);
}

using var heldUntilTheEnd = folderLock;
builder.Services.AddTracking(folder, hub.Datasets);
builder.Services.AddSqliteTracking(folder);
builder.Services.AddExecution(hub.Execution, SqliteDatabase.Driver, SqliteDatabase.ConnectionString(folder.QuartzDatabase));
builder.Services.AddPages(folder);
builder.Services.AddApi();
builder.Services.AddHubSecurity();

var app = builder.Build();
await SqliteDatabase.PrepareAsync(app.Services, folder);
app.Services.GetRequiredService<DatasetUploads>().RemoveLeftovers();
app.UseHubSecurity();
app.MapApi();
app.MapCheckpointDownloads();
app.MapPages();
await app.RunAsync();
return 0;
