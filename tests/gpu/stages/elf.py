"""Just enough of ELF to ask a library what it wants from others."""
import struct


def undefined_symbols(path):
    """Names of functions and data that a 64-bit little-endian shared library takes from others, without those that it can do without (weak ones)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no 64-bit ELF file")
    offset, size, count = struct.unpack_from("<Q", data, 0x28)[0], *struct.unpack_from("<HH", data, 0x3A)
    # type, offset, size, link and size of an entry of each section.
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + i * size) for i in range(count)]
    table = next(section for section in sections if section[1] == 11)  # SHT_DYNSYM
    names = sections[table[6]][4]
    wanted = []
    for at in range(table[4], table[4] + table[5], table[9]):
        name, info, _, section = struct.unpack_from("<IBBH", data, at)
        if section == 0 and name and info >> 4 == 1:  # undefined and global
            wanted.append(data[names + name:data.index(b"\0", names + name)].decode())
    return wanted
