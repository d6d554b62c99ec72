using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace ExperimentHub.TestHub.OldFolders;

/// <summary>
/// Data folders that earlier versions wrote, kept in the repository as <c>name.tar.gz</c>, each with what its own version read in it as
/// <c>name.json</c>. A name is the newest
/// migration that the folder's database has been through.
/// </summary>
public static class OldFolder
{
    private static readonly JsonSerializerOptions Readable =
        new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Kept { get; } = Path.Combine(Repository.Root, "tests", "ExperimentHub.TestHub", "OldFolders");

    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.EnumerateFiles(Kept, "*.tar.gz").Select(file => Path.GetFileName(file)[..^".tar.gz".Length]).Order(StringComparer.Ordinal)];

    /// <summary>What the version that wrote it read in it, as <see cref="FolderFacts"/> reads.</summary>
    public static JsonObject Expected(string name) => JsonNode.Parse(File.ReadAllText(Path.Combine(Kept, name + ".json")))!.AsObject();

    /// <summary>Puts a copy into a folder that is not there yet.</summary>
    public static void Unpack(string name, string folder)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using var file = File.OpenRead(Path.Combine(Kept, name + ".tar.gz"));
        using var content = new GZipStream(file, CompressionMode.Decompress);
        TarFile.ExtractToDirectory(content, folder, overwriteFiles: false);
    }

    /// <summary>Keeps a folder that no hub has open under the name of its newest migration.</summary>
    /// <returns>The name.</returns>
    private static string Keep(string folder, Func<string, JsonObject> read)
    {
        SqliteConnection.ClearAllPools();
        // Otherwise the newest rows would lie in the log beside it.
        foreach (var database in new[] { "hub.db", "quartz.db" })
            Scalar(Path.Combine(folder, database), "PRAGMA journal_mode = DELETE");

        foreach (var made in new[] { "keys", "trainers", "imports", "backups" }.Select(part => Path.Combine(folder, part)).Where(Directory.Exists))
            Directory.Delete(made, recursive: true);
        File.Delete(Path.Combine(folder, "hub.lock"));
        var name = Scalar(Path.Combine(folder, "hub.db"), "SELECT max(\"MigrationId\") FROM \"__EFMigrationsHistory\"")!;
        var target = Path.Combine(Kept, name + ".tar.gz");
        using (var file = File.Create(target))
        using (var content = new GZipStream(file, CompressionLevel.SmallestSize))
            TarFile.CreateFromDirectory(folder, content, includeBaseDirectory: false);
        File.WriteAllText(Path.Combine(Kept, name + ".json"), read(name).ToJsonString(Readable) + "\n");
        return name;
    }

    /// <summary>
    /// Makes a folder of the version that it runs in and keeps it beside the others, for the versions after it: to be run before a change of the
    /// tables.
    /// </summary>
    /// <returns>Its name.</returns>
    public static async Task<string> KeepThisVersionAsync()
    {
        var (folder, copy) = (HubProcess.NewFolder(), HubProcess.NewFolder());
        await FullFolder.MakeAsync(folder);
        var name = Keep(folder, made =>
        {
            Unpack(made, copy);
            return FolderFacts.ReadAsync(copy).GetAwaiter().GetResult();
        });
        Directory.Delete(folder, recursive: true);
        Directory.Delete(copy, recursive: true);
        return name;
    }

    /// <summary>The first column of the first row, as text; the file is closed afterwards.</summary>
    internal static string? Scalar(string database, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }
}
