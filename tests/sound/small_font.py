"""A sound font of a few bytes, made by hand as SoundFont 2.04 says: each preset plays one sample of its own."""

import struct

SAMPLES = 200  # of each preset: its place in the file, so many times


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def sound_font(*presets: tuple[int, int]) -> bytes:
    """A font of presets, (bank, program)."""
    count = len(presets)
    phdr = [(b"P%d" % at, program, bank, at) for at, (bank, program) in enumerate(presets)]
    phdr.append((b"EOP", 0, 0, count))
    shdr = [
        struct.pack("<20s5I2B2H", b"S%d" % at, at * 246, at * 246 + SAMPLES, at * 246 + 8,
                    at * 246 + SAMPLES - 8, 22_050, 60, 0, 0, 1)
        for at in range(count)
    ]  # fmt: skip
    bags = [struct.pack("<2H", at, 0) for at in range(count + 1)]

    def generators(kind: int) -> list[bytes]:
        return [*(struct.pack("<2H", kind, at) for at in range(count)), bytes(4)]

    tables = {
        b"phdr": [struct.pack("<20s3H12x", *head) for head in phdr],
        b"pbag": bags,
        b"pmod": [bytes(10)],
        b"pgen": generators(41),
        b"inst": [struct.pack("<20sH", b"I%d" % at, at) for at in range(count + 1)],
        b"ibag": bags,
        b"imod": [bytes(10)],
        b"igen": generators(53),
        b"shdr": [*shdr, struct.pack("<20s26x", b"EOS")],
    }
    sound = b"".join(struct.pack("<h", at + 1) * SAMPLES + bytes(92) for at in range(count))
    text = b"".join(_chunk(kind, b"".join(rows)) for kind, rows in tables.items())
    info = _chunk(b"ifil", struct.pack("<2H", 2, 1)) + _chunk(b"isng", b"EMU8000\0")
    parts = (b"INFO" + info, b"sdta" + _chunk(b"smpl", sound), b"pdta" + text)
    return _chunk(b"RIFF", b"sfbk" + b"".join(_chunk(b"LIST", part) for part in parts))
