using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using ExperimentHub.Protocol;
using ExperimentHub.Protocol.Datasets;
using ExperimentHub.Protocol.Files;
using ExperimentHub.Tracking.Names;

namespace ExperimentHub.Tracking.Datasets;

/// <summary>What became of an upload.</summary>
/// <param name="Dataset">The new data set; null where it was refused.</param>
/// <param name="Problems">Why, by the fields of the upload.</param>
/// <param name="NameTaken">Another data set has this name.</param>
/// <param name="StorageProblem">Why the disk did not take it.</param>
public sealed record UploadResult(OwnDataset? Dataset, IReadOnlyList<SpecProblem> Problems, bool NameTaken = false, string? StorageProblem = null);

/// <summary>What became of one file of an upload.</summary>
/// <param name="Complete">It is written as it was sent.</param>
/// <param name="StorageProblem">Why the disk did not take it; null where it was larger than allowed.</param>
public readonly record struct Reception(bool Complete, string? StorageProblem = null);

/// <summary>
/// A data set that is coming in. Its files are written to a folder of their own under names of ours; only when all four are there and right does the
/// folder become the data set's, by one rename. Whatever else happens, disposing leaves nothing.
/// </summary>
public sealed class DatasetUpload : IDisposable
{
    internal const string FolderPrefix = ".incoming-";

    /// <summary>The fields of the four files: train images, train labels, test images, test labels.</summary>
    public static IReadOnlyList<string> FileFields { get; } = ["trainImages", "trainLabels", "testImages", "testLabels"];

    private const int MaxClasses = Limits.Classes;
    private const int MaxClassNameLength = Limits.ClassName;

    private readonly DatasetLibrary _library;
    private readonly DatasetOptions _options;
    private readonly TimeProvider _time;
    private readonly string _received;
    private readonly string _checked;

    internal DatasetUpload(DatasetLibrary library, DatasetOptions options, TimeProvider time, string folder)
    {
        (_library, _options, _time) = (library, options, time);
        _received = folder;
        _checked = Path.Combine(folder, "checked");
        DataFolder.Create(_checked);
    }

    /// <summary>Whether the name can be used, as far as that is known before the files; null where it can.</summary>
    public static string? NameProblem(string? name) =>
        NameRule.Problem(name, OwnDataset.MaxNameLength) is { } problem ? $"The data set's name {problem}"
        : OwnDataset.KeyOf(name!).Length == 0 ? "The name needs a letter or a digit of some script, because its address is made of these."
        : OwnDataset.KeyOf(name!) == OwnDataset.ReservedKey ? "This name has a meaning in addresses; choose another name."
        : null;

    /// <summary>The refusal of a name whose key another data set has.</summary>
    public static string TakenBy(DatasetInfo other) => $"There is a data set called '{other.Name}' (key {other.Key}) already. Choose another name.";

    /// <summary>Writes a file as it is sent.</summary>
    /// <param name="field">One of <see cref="FileFields"/>.</param>
    /// <returns>It is read no further than the limit, and than the disk takes it.</returns>
    public async Task<Reception> ReceiveAsync(string field, Stream content, CancellationToken cancellation)
    {
        // Without a buffer of its own: what the disk refuses is refused here, not when the file is closed.
        await using var file = OwnFile.CreateNew(ReceivedPath(field), isAsync: true);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
            {
                if (file.Position + read > _options.MaxFileBytes)
                    return new Reception(false);
                try
                {
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                }
                catch (IOException full)
                {
                    return new Reception(false, Reason(full));
                }
            }

            return new Reception(true);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public bool HasReceived(string field) => File.Exists(ReceivedPath(field));

    /// <summary>Checks everything and takes the data set in.</summary>
    /// <param name="classNames">In the order of the labels; empty for none.</param>
    public async Task<UploadResult> CommitAsync(string? name, IReadOnlyList<string> classNames, CancellationToken cancellation)
    {
        var problems = new List<SpecProblem>();
        if (NameProblem(name) is { } nameProblem)
            problems.Add(new SpecProblem("name", nameProblem));
        else if (_library.Own.Count >= Limits.OwnDatasets)
            problems.Add(
                new SpecProblem("name", $"A hub keeps at most {Limits.OwnDatasets:N0} data sets of its own. Delete one that is not needed first."));
        classNames = [.. classNames.Select(NameRule.Tidied)];
        if (classNames.Select((one, label) => (Label: label, Problem: NameRule.Problem(one, MaxClassNameLength)))
            .FirstOrDefault(one => one.Problem is not null) is { Problem: { } wrong } at)
            problems.Add(new SpecProblem("classNames", $"The name of class {at.Label} {wrong}"));
        else if (classNames.Count is 1 or > MaxClasses)
            problems.Add(new SpecProblem("classNames", $"There are {classNames.Count} class names; leave them out, or give 2 to {MaxClasses}."));
        problems.AddRange(FileFields.Where(field => !HasReceived(field)).Select(field => new SpecProblem(field, "This file is missing.")));
        if (problems.Count > 0)
            return new UploadResult(null, problems);
        try
        {
            // Reading through a gigabyte takes seconds, and nothing of it waits.
            return await Task.Run(() => Check(classNames, problems), cancellation) is not { } found
                ? new UploadResult(null, problems)
                : await TakeInAsync(NameRule.Tidied(name), classNames, found, cancellation);
        }
        catch (IOException full)
        {
            return new UploadResult(null, [], StorageProblem: Reason(full));
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_received))
            Directory.Delete(_received, recursive: true);
    }

    private async Task<UploadResult> TakeInAsync(string name, IReadOnlyList<string> classNames, Contents found, CancellationToken cancellation)
    {
        var dataset = new OwnDataset
        {
            Key = OwnDataset.KeyOf(name),
            Name = name,
            TrainSamples = found.Train.Shape.Count,
            TestSamples = found.Test.Shape.Count,
            Classes = found.Classes,
            Height = found.Train.Shape.Height,
            Width = found.Train.Shape.Width,
            ClassNames = [.. classNames],
            CreatedAt = _time.GetUtcNow().UtcDateTime,
        }.With([.. DatasetFile.UsualNames.Select(HashOf)]);
        return await _library.AddAsync(dataset, _checked, cancellation)
            ? new UploadResult(dataset, [])
            : new UploadResult(null, [new SpecProblem("name", TakenBy(dataset.ToInfo()))], NameTaken: true);
    }

    /// <summary>Writes the four files uncompressed under their usual names and looks at them.</summary>
    /// <returns>null where something is wrong, and the problems say what.</returns>
    private Contents? Check(IReadOnlyList<string> classNames, List<SpecProblem> problems)
    {
        var train = CheckPair(0, problems);
        var test = CheckPair(2, problems);
        if (train is null || test is null)
            return null;
        void Require(bool holds, string field, string message)
        {
            if (!holds)
                problems.Add(new SpecProblem(field, message));
        }

        var (trainShape, testShape) = (train.Shape, test.Shape);
        Require((trainShape.Height, trainShape.Width) == (testShape.Height, testShape.Width), FileFields[2],
            $"The test images are {testShape.Height} x {testShape.Width}, but the training images are {trainShape.Height} x {trainShape.Width}; "
                + "they must have one size.");
        var greatest = Math.Max(train.Labels.Max(), test.Labels.Max());
        var classes = classNames.Count > 0 ? classNames.Count : greatest + 1;
        Require(greatest < classes, "classNames",
            $"There are {classes} class names, but label {greatest} occurs, so at least {greatest + 1} are needed.");
        Require(classes > 1, FileFields[1], "All labels are 0; there must be at least two classes.");
        var present = train.Labels.Distinct().ToHashSet();
        if (Enumerable.Range(0, Math.Min(classes, MaxClasses)).Where(label => !present.Contains((byte)label)).ToList() is [var missing, ..])
        {
            Require(false, FileFields[1],
                $"No training image has label {missing}. Labels count from 0 to {classes - 1}, and each needs at least one image to learn from"
                + $"{(missing == 0 && !present.Contains(0) ? "; where yours count from 1, subtract 1 from each" : "")}.");
        }

        return problems.Count == 0 ? new Contents(train, test, classes) : null;
    }

    private Half? CheckPair(int first, List<SpecProblem> problems)
    {
        var shape = Read(first, IdxReader.CopyImages);
        var labels = Read(first + 1, CopyLabels);
        if (shape is null || labels is null)
            return null;
        if (shape.Count == labels.Length)
            return new Half(shape, labels);
        problems.Add(new SpecProblem(FileFields[first + 1],
            $"There are {shape.Count} images but {labels.Length} labels; the numbers must be equal."));
        return null;

        T? Read<T>(int index, Func<Stream, Stream, T> copy)
            where T : class
        {
            try
            {
                using var source = OwnFile.OpenRead(ReceivedPath(FileFields[index]));
                using var target = OwnFile.CreateNew(CheckedPath(DatasetFile.UsualNames[index]));
                var content = copy(source, target);
                // On the disk before the database says that it is there.
                target.Flush(flushToDisk: true);
                return content;
            }
            catch (IdxFormatException wrong)
            {
                problems.Add(new SpecProblem(FileFields[index], wrong.Message));
                return null;
            }
        }
    }

    /// <summary>The system's words without the path, which says nothing to the person who uploads.</summary>
    private static string Reason(IOException failure) => failure.Message.Split(" : ")[0].TrimEnd('.');

    private static byte[] CopyLabels(Stream source, Stream target)
    {
        var labels = IdxReader.ReadLabels(source, MaxClasses);
        Span<byte> header = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(header, IdxReader.LabelsMagic);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], labels.Length);
        target.Write(header);
        target.Write(labels);
        return labels;
    }

    private string HashOf(string fileName)
    {
        using var file = OwnFile.OpenRead(CheckedPath(fileName));
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private string CheckedPath(string fileName) => Path.Combine(_checked, fileName);

    private string ReceivedPath(string field) => FileFields.Contains(field)
        ? Path.Combine(_received, field)
        : throw new ArgumentException($"'{field}' is not a file of a data set.", nameof(field));

    private sealed record Half(IdxShape Shape, byte[] Labels);

    private sealed record Contents(Half Train, Half Test, int Classes);
}

/// <summary>Begins uploads, and clears away what uploads left behind that the end of the hub cut off.</summary>
public sealed class DatasetUploads(DatasetLibrary library, DatasetOptions options, DataFolder folder, TimeProvider time)
{
    public DatasetUpload Begin() => new(library, options, time, Path.Combine(folder.Datasets, $"{DatasetUpload.FolderPrefix}{Guid.NewGuid():N}"));

    /// <summary>For the start of the hub: nothing comes in yet.</summary>
    public void RemoveLeftovers()
    {
        if (!Directory.Exists(folder.Datasets))
            return;
        foreach (var leftover in Directory.EnumerateDirectories(folder.Datasets, DatasetUpload.FolderPrefix + "*"))
            Directory.Delete(leftover, recursive: true);
    }
}
