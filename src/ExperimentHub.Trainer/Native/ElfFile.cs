using System.Buffers.Binary;

namespace ExperimentHub.Trainer.Native;

/// <summary>
/// Whether a library's file is whole. The loader maps what the file's headers speak of without looking whether it is there, so a file that was cut
/// off ends the process at its first use (SIGBUS). The layout is that of 64-bit little-endian ELF (System V ABI).
/// </summary>
internal static class ElfFile
{
    private const int HeaderSize = 64;
    private const int ProgramHeaderSize = 56;
    private const uint Loaded = 1; // PT_LOAD

    /// <returns>The bytes that the headers speak of, where the file has fewer; null where it is whole or no ELF file, which the loader itself refuses
    /// in words.</returns>
    public static long? MissingUpTo(string path)
    {
        using var file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderSize];
        if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize || !header.StartsWith("\u007fELF"u8) || header[4] != 2
            || header[5] != 1)
            return null;

        var (programs, sections) = (Long(header, 32), Long(header, 40));
        var (programSize, programCount, sectionSize, sectionCount) = (Short(header, 54), Short(header, 56), Short(header, 58), Short(header, 60));
        var end = Math.Max(programs + (long)programSize * programCount, sections + (long)sectionSize * sectionCount);
        if (end > file.Length || programSize != ProgramHeaderSize)
            return end > file.Length ? end : null;

        file.Position = programs;
        Span<byte> program = stackalloc byte[ProgramHeaderSize];
        for (var i = 0; i < programCount; i++)
        {
            file.ReadExactly(program);
            if (BinaryPrimitives.ReadUInt32LittleEndian(program) == Loaded)
                end = Math.Max(end, Long(program, 8) + Long(program, 32));
        }

        return end > file.Length ? end : null;
    }

    private static long Long(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static ushort Short(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);
}
