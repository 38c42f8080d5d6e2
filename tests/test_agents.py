"""An agent continues, accompanies and varies clips by the Model Context Protocol, over the SDK's own client."""

import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from livegen import shipped
from livegen.app.agents import MOST_BYTES, Clips
from livegen.cli import run
from livegen.errors import LivegenError
from livegen.music.files.smf import Score, Track, read, write
from livegen.music.messages import Message, NoteOff, NoteOn

pytest.importorskip("mcp", reason="the extra mcp is not installed")

ROOT = Path(__file__).parents[1]
MELODY = (60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 67, 64, 62, 65, 64, 60)


def melody(path: Path, apart: int = 240) -> Path:
    rows: list[tuple[int, Message]] = []
    for number, pitch in enumerate(MELODY):
        rows += [(number * apart, NoteOn(pitch, 90)), (number * apart + 200, NoteOff(pitch))]
    write(path, Score(480, (Track("Melody", tuple(rows)),), ((0, 500_000),), ((0, 4, 4),)))
    return path


def told(result: Any) -> tuple[bool, Any]:
    """Whether a call failed, and what it said: an object, or a line."""
    text = "".join(part.text for part in result.content)
    return bool(result.is_error), text if result.is_error else json.loads(text)


def served(folder: Path, ask: Callable[[Any], Awaitable[None]]) -> None:
    """Let a client of the SDK speak to `livegen mcp` over its standard streams."""
    from mcp.client.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "livegen", "mcp", "--folder", str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
    )

    async def speak() -> None:
        with anyio.fail_after(100):
            with (folder / "said").open("w") as errors:
                async with Client(stdio_client(server, errlog=errors)) as client:
                    await ask(client)

    anyio.run(speak)


def test_an_agent_finds_four_tools_and_each_makes_music(tmp_path: Path) -> None:
    clip = melody(tmp_path / "clip.mid")
    found: dict[str, Any] = {}

    async def ask(client: Any) -> None:
        found["tools"] = [tool.name for tool in (await client.list_tools()).tools]
        found["models"] = told(await client.call_tool("list_models", {}))
        for tool, more in (
            ("continue_clip", {"bars": 2, "seed": 3}),
            ("accompany_clip", {"chart": "four-chords", "seed": 3}),
            ("vary_clip", {"distance": 0.4, "seed": 3}),
        ):
            asked = {"clip": str(clip), "out": f"{tool}.mid", **more}
            found[tool] = told(await client.call_tool(tool, asked))
        again = {"clip": str(clip), "out": "vary_clip.mid"}
        found["again"] = told(await client.call_tool("vary_clip", again))
        found["outside"] = told(
            await client.call_tool("vary_clip", {"clip": "/etc/passwd", "out": "x.mid"})
        )
        found["bars"] = told(
            await client.call_tool(
                "continue_clip", {"clip": "clip.mid", "out": "x.mid", "bars": 99}
            )
        )

    served(tmp_path, ask)

    assert found["tools"] == ["continue_clip", "accompany_clip", "vary_clip", "list_models"]
    failed, models = found["models"]
    assert not failed and set(models["models"]) >= set(shipped.models())
    assert "12-bar-blues" in models["charts"]
    for tool in ("continue_clip", "accompany_clip", "vary_clip"):
        failed, said = found[tool]
        assert not failed, said
        tracks = read(Path(said["written"])).tracks
        assert {track.name for track in tracks} == {"Player", "Model"}, tool
    answers = [found[tool][1]["notes"] for tool in ("continue_clip", "vary_clip")]
    assert all(sum(notes.values()) > len(MELODY) + 3 for notes in answers)
    band = set(found["accompany_clip"][1]["notes"])
    assert band >= {"Player", "Model comp", "Model bass", "Model drums"}
    assert found["again"][0] and "already" in found["again"][1]
    assert found["outside"][0] and "lies outside the folders" in found["outside"][1]
    assert found["bars"][0] and found["bars"][1].endswith("bars: expected 1 to 32, got 99")
    assert not (tmp_path / "x.mid").exists()


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.fixture
def clips(tmp_path: Path) -> Clips:
    return Clips([tmp_path])


def refused(clips: Clips, **asked: Any) -> str:
    with pytest.raises(LivegenError) as error:
        clips.continue_clip(**{"clip": "clip.mid", "out": "out.mid", **asked})
    return str(error.value)


@pytest.mark.parametrize(
    "path", ["../clip.mid", "/etc/hosts", "a/../../clip.mid", "link/clip.mid", "\0"]
)
def test_no_path_leads_out_of_the_folders(path: str, clips: Clips, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path.parent)
    assert "outside the folders" in refused(clips, clip=path) or path == "\0"
    assert refused(clips, out=path)


def test_what_is_no_clip_is_refused_in_a_line(clips: Clips, tmp_path: Path) -> None:
    assert "cannot be read" in refused(clips)
    (tmp_path / "clip.mid").write_bytes(b"MThd" + bytes(MOST_BYTES))
    assert "expected a MIDI file of 4 MB at most" in refused(clips)
    (tmp_path / "clip.mid").write_text("Dear Ana,")
    assert "not a MIDI file" in refused(clips)
    melody(tmp_path / "clip.mid", apart=480 * 120)
    assert "expected at most 20,000 in 10" in refused(clips)


def test_a_model_is_named_and_never_a_path_and_files_are_midi(clips: Clips, tmp_path: Path) -> None:
    melody(tmp_path / "clip.mid")
    assert "list_models says which" in refused(clips, model=str(tmp_path / "x.onnx"))
    assert "ends in .mid" in refused(clips, out="clip.onnx")
    assert "style" in refused(clips, style="qwertz")


def test_a_folder_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mcp", "--folder", str(tmp_path / "nowhere")]) == 2
    assert "does not exist" in capsys.readouterr().err
