#nullable disable
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace ExperimentHub.Trainer.Native;

/// <summary>
/// Lets libLibTorchSharp.so load where libstdc++ is older than GCC 13's (Debian 12, Ubuntu 22.04). TorchSharp 0.107 asks for one symbol that
/// is newer, std::ios_base_library_init() of version GLIBCXX_3.4.32. It does what the constructor of std::ios_base::Init has done since
/// GLIBCXX_3.4 (start iostreams before their first use), and that constructor has the shorter name, so the symbol is renamed in place and its
/// version lowered. The result loads on newer systems as well.
/// </summary>
/// <remarks>
/// This file is compiled twice: by MSBuild as an inline task (netstandard2.0, hence the plain style) and by the trainer's tests, which define
/// LIBTORCHSHARP_PATCH_ALONE.
/// </remarks>
public static class LibTorchSharpPatch
{
    private const string NewSymbol = "_ZSt21ios_base_library_initv";
    private const string OldSymbol = "_ZNSt8ios_base4InitC1Ev";
    private const string NewVersion = "GLIBCXX_3.4.32";
    private const string OldVersion = "GLIBCXX_3.4";

    /// <summary>
    /// Gives a patched copy, or null when the library does not ask for the newer version (already patched, or built with an older compiler).
    /// </summary>
    /// <exception cref="InvalidDataException">The file is not what this patch knows; the message says what differs.</exception>
    public static byte[] Apply(byte[] original)
    {
        var elf = new Elf((byte[])original.Clone());
        var needs = elf.VersionNeeds();
        var newNeeds = needs.Where(need => need.Name == NewVersion).ToList();
        if (newNeeds.Count == 0)
            return null;

        Expect(newNeeds.Count == 1, "one need of version " + NewVersion, newNeeds.Count + " of them");
        var newNeed = newNeeds[0];
        var oldNeed = needs.FirstOrDefault(need => need.Name == OldVersion && need.Library == newNeed.Library);
        Expect(oldNeed != null, "a need of version " + OldVersion + " from " + newNeed.Library, "none");

        var users = elf.Symbols().Where(symbol => symbol.Version == newNeed.Index).ToList();
        Expect(users.Count == 1 && users[0].Name == NewSymbol && users[0].IsUndefined,
            "only the undefined symbol " + NewSymbol + " to use version " + NewVersion, string.Join(", ", users.Select(symbol => symbol.Name)));

        // Linkers let a name that ends like another share its bytes; such a neighbour would be renamed as well.
        var start = users[0].NameOffset;
        var sharing = elf.NameOffsets().Count(offset => offset >= start && offset <= start + NewSymbol.Length);
        Expect(sharing == 1, "the name " + NewSymbol + " to be used once", sharing + " uses");

        elf.WriteName(start, OldSymbol, NewSymbol.Length);
        elf.CopyVersion(oldNeed, newNeed);
        return elf.Bytes;
    }

    private static void Expect(bool holds, string expected, string found)
    {
        if (!holds)
            throw new InvalidDataException("expected " + expected + ", found " + found);
    }

    private sealed class VersionNeed
    {
        public string Library, Name;
        public int Index;
        /// <summary>Where the Vernaux entry starts: hash (4 bytes), flags (2), index (2), name (4), next (4).</summary>
        public int Position;
    }

    private sealed class Symbol
    {
        public string Name;
        public long NameOffset;
        public int Version;
        public bool IsUndefined;
    }

    private struct Section
    {
        public string Name;
        public int Offset, Size, Info;
    }

    /// <summary>
    /// The few parts of a 64-bit little-endian x86-64 shared object that the patch needs. Sources of the layouts: System V ABI, LSB.
    /// </summary>
    private sealed class Elf
    {
        private readonly Section _strings, _symbols, _versions, _versionNeeds, _dynamic;

        public Elf(byte[] bytes)
        {
            Bytes = bytes;
            Expect(bytes.Length >= 64 && bytes[0] == 0x7f && bytes[1] == 'E' && bytes[2] == 'L' && bytes[3] == 'F', "an ELF file", "something else");
            Expect(bytes[4] == 2 && bytes[5] == 1 && U16(16) == 3 && U16(18) == 62, "a 64-bit little-endian x86-64 shared object",
                "another kind of ELF file");

            var table = Position(U64(40), 0);
            int entrySize = U16(58), count = U16(60), namesIndex = U16(62);
            Expect(entrySize == 64 && namesIndex < count, "section headers of 64 bytes", entrySize + " bytes");
            var namesOffset = Position(U64(table + namesIndex * 64 + 24), 0);
            var sections = new Dictionary<string, Section>();
            for (var i = 0; i < count; i++)
            {
                var header = table + i * 64;
                if (U32(header + 4) == 8) // SHT_NOBITS has no bytes in the file
                    continue;
                var size = U64(header + 32);
                var section = new Section
                {
                    Name = Text(namesOffset + (int)U32(header)), Offset = Position(U64(header + 24), size), Size = (int)size,
                    Info = (int)U32(header + 44),
                };
                sections[section.Name] = section;
            }

            Section Find(string name)
            {
                Expect(sections.ContainsKey(name), "a section " + name, "none");
                return sections[name];
            }

            _strings = Find(".dynstr");
            _symbols = Find(".dynsym");
            _versions = Find(".gnu.version");
            _versionNeeds = Find(".gnu.version_r");
            _dynamic = Find(".dynamic");
        }

        public byte[] Bytes { get; }

        public List<VersionNeed> VersionNeeds()
        {
            var needs = new List<VersionNeed>();
            var library = _versionNeeds.Offset;
            for (var i = 0; i < _versionNeeds.Info; i++)
            {
                var entry = library + (int)U32(library + 8);
                for (var j = 0; j < U16(library + 2); j++)
                {
                    needs.Add(new VersionNeed
                    {
                        Library = DynamicName(U32(library + 4)), Name = DynamicName(U32(entry + 8)), Index = U16(entry + 6), Position = entry,
                    });
                    entry += (int)U32(entry + 12);
                }

                library += (int)U32(library + 12);
            }

            return needs;
        }

        public IEnumerable<Symbol> Symbols()
        {
            for (var i = 0; i < _symbols.Size / 24; i++)
            {
                var entry = _symbols.Offset + i * 24;
                yield return new Symbol
                {
                    Name = DynamicName(U32(entry)), NameOffset = U32(entry), IsUndefined = U16(entry + 6) == 0,
                    Version = U16(_versions.Offset + i * 2) & 0x7fff, // the top bit hides a symbol, it is no part of the number
                };
            }
        }

        /// <summary>Everything that points into .dynstr: symbols, version needs, and the libraries and paths of .dynamic.</summary>
        public IEnumerable<long> NameOffsets()
        {
            foreach (var symbol in Symbols())
                yield return symbol.NameOffset;
            foreach (var need in VersionNeeds())
                yield return U32(need.Position + 8);
            for (var entry = _dynamic.Offset; entry < _dynamic.Offset + _dynamic.Size; entry += 16)
            {
                var tag = U64(entry);
                if (tag == 1 || tag == 14 || tag == 15 || tag == 29) // DT_NEEDED, DT_SONAME, DT_RPATH, DT_RUNPATH
                    yield return (long)U64(entry + 8);
            }
        }

        public void WriteName(long offset, string name, int room)
        {
            var at = _strings.Offset + (int)offset;
            Array.Clear(Bytes, at, room);
            Encoding.ASCII.GetBytes(name, 0, name.Length, Bytes, at);
        }

        /// <summary>Makes an entry ask for another entry's version; its own index, which symbols refer to, stays.</summary>
        public void CopyVersion(VersionNeed from, VersionNeed to)
        {
            Array.Copy(Bytes, from.Position, Bytes, to.Position, 4);
            Array.Copy(Bytes, from.Position + 8, Bytes, to.Position + 8, 4);
        }

        private string DynamicName(long offset)
        {
            Expect(offset < _strings.Size, "names inside .dynstr", "one at " + offset);
            return Text(_strings.Offset + (int)offset);
        }

        private string Text(int at)
        {
            var end = Array.IndexOf(Bytes, (byte)0, Position((ulong)at, 1));
            Expect(end >= 0, "names that end with a zero byte", "one that does not");
            return Encoding.ASCII.GetString(Bytes, at, end - at);
        }

        private int Position(ulong offset, ulong size)
        {
            Expect(offset <= (ulong)Bytes.Length && size <= (ulong)Bytes.Length - offset, "all parts inside the file of " + Bytes.Length + " bytes",
                size + " bytes at " + offset);
            return (int)offset;
        }

        private ushort U16(int at) => BitConverter.ToUInt16(Bytes, Position((ulong)at, 2));
        private uint U32(int at) => BitConverter.ToUInt32(Bytes, Position((ulong)at, 4));
        private ulong U64(int at) => BitConverter.ToUInt64(Bytes, Position((ulong)at, 8));
    }
}

#if !LIBTORCHSHARP_PATCH_ALONE
/// <summary>
/// The build step. It fails the build on a file that it does not know: an unpatched library would fail later, on somebody's older system.
/// </summary>
public sealed class PatchLibTorchSharp : Microsoft.Build.Utilities.Task
{
    [Microsoft.Build.Framework.Required]
    public string Original { get; set; }

    [Microsoft.Build.Framework.Required]
    public string Patched { get; set; }

    public override bool Execute()
    {
        try
        {
            var original = File.ReadAllBytes(Original);
            var patched = LibTorchSharpPatch.Apply(original);
            Log.LogMessage(patched == null ? "{0} needs no patch." : "{0} is patched for libstdc++ before GCC 13.", Original);

            // A new file under a temporary name: writing into the old one would reach through the hard link into an earlier output folder.
            Directory.CreateDirectory(Path.GetDirectoryName(Patched));
            var temporary = Patched + ".new";
            File.WriteAllBytes(temporary, patched ?? original);
            File.Delete(Patched);
            File.Move(temporary, Patched);
            return true;
        }
        catch (InvalidDataException problem)
        {
            Log.LogError(
                "{0} is not the library that the patch for older systems knows: {1}. The patch was written for TorchSharp 0.107.0 (see "
                    + "LibTorchSharpPatch.cs). "
                + "Build with -p:PatchLibTorchSharp=false to take the library as it is.", Original, problem.Message);
            return false;
        }
    }
}
#endif
