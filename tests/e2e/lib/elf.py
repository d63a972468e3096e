"""What an ELF file needs to start: its interpreter and the shared libraries it names."""

import struct


def read(data):
    """(interpreter or None, [needed library], [run path]) of a 64-bit little-endian ELF file, or None for other files."""
    if data[:6] != b"\x7fELF\x02\x01":
        return None
    (table,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    interpreter, dynamic, loads = None, None, []
    for i in range(count):
        kind, _flags, offset, address, _paddr, length = struct.unpack_from("<IIQQQQ", data, table + i * size)
        if kind == 3:
            interpreter = data[offset : offset + length].rstrip(b"\0").decode()
        elif kind == 2:
            dynamic = (offset, length)
        elif kind == 1:
            loads.append((address, offset, length))
    if dynamic is None:
        return interpreter, [], []
    entries = [struct.unpack_from("<qQ", data, dynamic[0] + at) for at in range(0, dynamic[1] - 15, 16)]
    strings = next((value for tag, value in entries if tag == 5), None)
    if strings is None:
        return interpreter, [], []
    start = next((offset + strings - address for address, offset, length in loads if address <= strings < address + length), None)

    def text(at):
        return data[start + at : data.index(b"\0", start + at)].decode("utf8", "replace")

    if start is None:
        return interpreter, [], []
    needed = [text(value) for tag, value in entries if tag == 1]
    paths = [part for tag, value in entries if tag in (15, 29) for part in text(value).split(":")]
    return interpreter, needed, paths
