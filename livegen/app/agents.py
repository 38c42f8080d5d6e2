"""Tools for agents that edit clips, by the Model Context Protocol: continue, accompany, vary, list the models.

Files come in and go out by paths, below folders that the person names and nowhere else; nothing is written over unless
that is asked for.  The SDK (the extra `mcp`) is known here only.  Whoever started this process speaks to it over its
standard streams; there is no port.  https://modelcontextprotocol.io
"""

import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from livegen import __version__, shipped
from livegen.errors import ConfigError, LivegenError, MidiFileError
from livegen.extras import missing

EXTRA = "mcp"
MOST_BYTES = 4 << 20  # of a clip
MOST_MINUTES = 10  # of a clip, from its first note to its last
MOST_NOTES = 20_000  # of a clip
MOST_BARS = 32  # of an answer
WHAT = (
    "livegen answers MIDI clips as a bandmate: it continues a melody, accompanies it with comp, bass and drums, or "
    "varies it. Paths are of files on this machine, below the folders that its person allowed. What is written is one "
    "MIDI file with tracks for the player and for the model."
)


def serve_agents(folders: Sequence[Path]) -> None:
    """Serve an agent over the standard streams until it goes.  Raises ConfigError where the SDK is missing."""
    if line := missing(EXTRA, "mcp"):
        raise ConfigError(line)
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"--folder {folder}: is no folder; create it, or name another")
    _server(Clips(folders)).run("stdio")


def _server(clips: "Clips") -> Any:
    from mcp.server import MCPServer

    server: Any = MCPServer("livegen", instructions=WHAT, version=__version__)
    for tool in (clips.continue_clip, clips.accompany_clip, clips.vary_clip, clips.list_models):
        server.add_tool(_told(tool), name=tool.__name__, description=_described(tool))
    return server


def _described(tool: Callable[..., Any]) -> str:
    return " ".join((tool.__doc__ or "").split())


def _told(tool: Callable[..., Any]) -> Callable[..., Any]:
    """A tool whose mistakes are said to the agent in one line, as on the command line; a fault of ours is not told."""
    from functools import wraps

    from mcp.server.mcpserver.exceptions import ToolError

    @wraps(tool)
    def run(*args: Any, **named: Any) -> Any:
        try:
            with redirect_stdout(sys.stderr):  # the standard output belongs to the protocol
                return tool(*args, **named)
        except LivegenError as error:
            raise ToolError(str(error)) from None

    return run


class Clips:
    """The tools.  `folders` are those in which files may be read and written.  Threads: any; one clip at a time."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._one = threading.Lock()

    def continue_clip(
        self,
        clip: str,
        out: str,
        bars: int = 4,
        style: str = "any",
        model: str = "default",
        seed: int | None = None,
        replace: bool = False,
    ) -> dict[str, object]:
        """Carry on from where a MIDI clip ends, for so many bars (1 to 32), in its key, tempo and metre.

        `clip` is the path of a MIDI file, `out` that of the new one (.mid), with the clip and what follows.
        """
        controls = {"mode": "continue", "length": _counted(bars), "style": style}
        return self._play(clip, out, controls, model, seed, replace)

    def accompany_clip(
        self,
        clip: str,
        out: str,
        chart: str = "off",
        style: str = "any",
        model: str = "default",
        seed: int | None = None,
        replace: bool = False,
    ) -> dict[str, object]:
        """Play comp, bass and drums along with a MIDI clip, by its chords, its melody, or a chart.

        `chart` is the name of a chart that came with livegen, such as 12-bar-blues, or the path of one.
        """
        text = chart if chart == "off" else shipped.chart_text(self._chart(chart))
        controls = {"mode": "accompany", "chart": text, "style": style}
        return self._play(clip, out, controls, model, seed, replace)

    def vary_clip(
        self,
        clip: str,
        out: str,
        distance: float = 0.35,
        model: str = "default",
        seed: int | None = None,
        replace: bool = False,
    ) -> dict[str, object]:
        """Play a variation of a melody, near it (distance 0) or far (1), after it.

        The last phrase of the clip is varied, at most 16 beats; the new file holds the clip and the variation.
        """
        controls = {"mode": "respond", "distance": distance}
        return self._play(clip, out, controls, model, seed, replace, asked="vary")

    def list_models(self) -> dict[str, object]:
        """The models that can play, with their styles and what they were trained on, and the names of all charts."""
        from livegen.inference.model_files import facts

        found = {}
        for name, path in shipped.models().items():
            told = facts(path)
            data = [f"{corpus} ({licence})" for corpus, licence in told.data]
            found[name] = {"parts": list(told.parts), "styles": list(told.styles), "data": data}
        return {"models": found, "charts": sorted(shipped.charts())}

    def _play(
        self,
        clip: str,
        out: str,
        controls: Mapping[str, object],
        model: str,
        seed: int | None,
        replace: bool,
        asked: str = "",
    ) -> dict[str, object]:
        from livegen.app.generating import generate
        from livegen.config import Origin, trail

        if model != "default" and model not in shipped.models():
            raise ConfigError(f"model {model!r:.80}: is not here; list_models says which are")
        source, target = self._inside(clip), self._inside(out)
        if target.suffix.lower() not in (".mid", ".midi"):
            raise ConfigError(f"out {out}: expected a name that ends in .mid")
        _expect_clip(source)
        given = [("model", model), ("seed", seed)] + [(f"jam.{k}", v) for k, v in controls.items()]
        said = tuple(
            (trail(key), value, f"{key}={value}") for key, value in given if value is not None
        )
        with self._one:
            config = Origin(None, (), said).load()
            [written] = generate([source], target, config, replace, asked=asked)
        return {"written": str(written), **_about(written)}

    def _inside(self, path: str) -> Path:
        """A path as it lies in one of the folders, links followed.  Raises ConfigError for any other."""
        try:
            found = Path(path)
            resolved = (found if found.is_absolute() else self._folders[0] / found).resolve()
        except (OSError, ValueError, RuntimeError):
            raise ConfigError(f"{path!r:.80}: is no path") from None
        if not any(resolved.is_relative_to(folder) for folder in self._folders):
            named = ", ".join(map(str, self._folders))
            raise ConfigError(
                f"{path!r:.200}: lies outside the folders that this server may use ({named}); "
                "ask its person to name that folder: livegen mcp --folder DIR"
            )
        return resolved

    def _chart(self, chart: str) -> str:
        return chart if chart in shipped.charts() else str(self._inside(chart))


def _counted(bars: int) -> int:
    if not 1 <= bars <= MOST_BARS:
        raise ConfigError(f"bars: expected 1 to {MOST_BARS}, got {bars}")
    return bars


def _expect_clip(source: Path) -> None:
    """Raises MidiFileError for a file that is none, or is longer than an agent's clip may be."""
    from livegen.music.files.smf import read_to_play
    from livegen.music.messages import NoteOn

    try:
        size = source.stat().st_size
    except OSError as error:
        raise MidiFileError(f"{source}: cannot be read ({error.strerror})") from None
    if not source.is_file() or size > MOST_BYTES:
        raise MidiFileError(f"{source}: expected a MIDI file of {MOST_BYTES >> 20} MB at most")
    score, _ = read_to_play(source)
    onsets = [tick for track in score.tracks for tick, m in track.messages if isinstance(m, NoteOn)]
    micros = score.tempo_map.micros
    minutes = (micros(max(onsets)) - micros(min(onsets))) / 60_000_000
    if len(onsets) > MOST_NOTES or minutes > MOST_MINUTES:
        raise MidiFileError(
            f"{source}: has {len(onsets):,} notes in {minutes:.0f} minutes; expected at most {MOST_NOTES:,} in "
            f"{MOST_MINUTES}; cut it"
        )


def _about(written: Path) -> dict[str, object]:
    """The parts of what was written, with how many notes each has, for an agent that cannot listen."""
    from livegen.daemon.recording.takes import Band
    from livegen.music.files.smf import read
    from livegen.music.messages import NoteOn

    score = read(written)
    counts = {
        track.name: sum(isinstance(m, NoteOn) for _, m in track.messages)
        for track in Band().tracks(score).tracks
    }
    return {"notes": counts, "bpm": round(60_000_000 / score.tempos[0][1], 1)}
