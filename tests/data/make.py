"""Writes the MIDI files of this folder: byte by byte, not with the library that reads them.

`python tests/data/make.py`
"""

from pathlib import Path

HERE = Path(__file__).parent


def two_tempos() -> bytes:
    """Format 0, 96 ticks to the quarter: seven quarters, 4/4 at 120, then 3/4 at 240."""
    signature = b"\0\xff\x58\4\4\2\x18\x08" + b"\0\xff\x51\3\x07\xa1\x20"
    faster = b"\0\xff\x58\4\3\2\x18\x08" + b"\0\xff\x51\3\x03\xd0\x90"
    track = signature
    for beat, pitch in enumerate((60, 62, 64, 65, 67, 69, 71)):
        if beat == 4:
            track += faster
        status = b"\x90" if beat in (0, 4) else b""  # it runs on until a meta event
        track += b"\0" + status + bytes((pitch, 80)) + b"\x60" + bytes((pitch, 0))
    track += b"\0\xff\x2f\0"
    chunk = b"MTrk" + len(track).to_bytes(4, "big") + track
    return b"MThd\0\0\0\6\0\0\0\1\0\x60" + chunk


if __name__ == "__main__":
    (HERE / "two_tempos.mid").write_bytes(two_tempos())
