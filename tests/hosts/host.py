"""The hosts of our own (plugin/host), CLAP and VST3, in which tests and the bench play the plug-in."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

BUILT = Path(
    os.environ.get("PLUGIN_OUT") or Path(__file__).resolve().parents[2] / "build" / "plugin"
)
RATE, BLOCK = 48_000, 256
BYPASS, THROUGH, BOUNCE, SEED, MODE = 0, 1, 2, 8, 9  # parameters, by number
CLAP = ("clap_host", "livegen.clap")
VST3 = ("vst3_host", "livegen.vst3/Contents/*/livegen.so")  # one machine's
Played = list[tuple[int, int, int, int]]


def host(
    data: Path,
    steps: str,
    *,
    before: str = "0 param 1 0\n",
    plug: Sequence[str] = CLAP,
    **options: object,
) -> tuple[Played, list[str]]:
    """What the plug-in plays, (frame, bytes), the host's other lines, and those for people.

    `data` is the folder in which `livegen/plugin.json` says where livegen is.  Steps as plugin/host/clap_host.cpp says.
    """
    ran = subprocess.run(
        [
            *(next(BUILT.glob(file), BUILT / file) for file in plug),
            *(f"{name}={value}" for name, value in ({"rate": RATE, "block": BLOCK} | options).items()),
        ],
        input=before + steps, capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"XDG_DATA_HOME": str(data), "LIVEGEN_COMMAND": "false"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Sanitizer" not in ran.stderr, ran.stderr
    lines = ran.stdout.splitlines()
    notes = [line.split()[1:] for line in lines if line.startswith("note ")]
    played = [(int(at), int(a), int(b), int(c)) for at, a, b, c in notes]
    others = [line for line in lines if not line.startswith("note ")]
    return played, others + ran.stderr.splitlines()


def melody(notes: int, apart: int, length: int = 2000, start: int = 5000) -> str:
    """Notes one after the other, as steps of the host."""
    return "".join(
        f"{start + i * apart} midi 144 {48 + i % 24} 80\n{start + i * apart + length} midi 128 {48 + i % 24} 0\n"
        for i in range(notes)
    )


def unended(played: Played) -> set[tuple[int, int]]:
    """Notes that still sound, as (channel, pitch); no note begins twice or ends twice."""
    sounding = set[tuple[int, int]]()
    for _, status, pitch, _ in played:
        note = (status & 15, pitch)
        if status & 0xF0 == 0x90:
            assert note not in sounding
            sounding.add(note)
        elif status & 0xF0 == 0x80:
            sounding.remove(note)
    return sounding
