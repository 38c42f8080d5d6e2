"""A session, or a recording, becomes a song: read, judged by a model, and written for DAW, score, chart and ear."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from livegen import shipped
from livegen.app.outputs import expect_apart, expect_free, said_by, write_out
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.music.files.reaper import Region
    from livegen.music.files.smf import Score
    from livegen.song import Song


class SongFiles(NamedTuple):
    """The files that are asked for, None or none of what is not; `stems` is a folder."""

    out: Path | None = None
    scores: tuple[Path, ...] = ()
    chart: Path | None = None
    reaper: Path | None = None
    stems: Path | None = None

    def named(self) -> list[tuple[str, Path]]:
        """The files by the options that ask for them, without stems, whose names are not known yet."""
        one = (("--out", self.out), ("--chart", self.chart), ("--reaper", self.reaper))
        return [(option, path) for option, path in one if path] + [
            ("--score", path) for path in self.scores
        ]


def song(
    source: Path, files: SongFiles, model: str | None, most: int | None, replaces: bool = False
) -> tuple["Song", Iterator[Path]] | None:
    """The song of a journal or a MIDI file, and the paths of its files as they are written; None where nobody played.

    With `most` only the best takes are in it, and in the files.  What can be wrong with the files is said before
    anything is read.  Raises LivegenError.
    """
    from livegen.inference.model_files import load
    from livegen.song import best
    from livegen.song import song as song_of

    font = _expect(source, files, replaces)
    found = _recording(source) if _is_midi(source) else _session(source)
    if found is None:
        return None
    score, kept = found
    made = song_of(score, kept, load(shipped.model(model or "default")), source.stem)
    if most is not None:
        made = best(made, most)
    return made, _write(made, files, font, replaces)


def _is_midi(source: Path) -> bool:
    from livegen.music.files import MIDI_SUFFIXES

    return source.suffix.lower() in MIDI_SUFFIXES


def _recording(source: Path) -> tuple["Score", list[int]]:
    """A MIDI file with a track for each part; nothing says what was kept.  Raises MidiFileError."""
    from livegen.daemon.recording.takes import Band
    from livegen.music.files import smf

    score, repaired = smf.read_to_play(source)
    if repaired:
        print(f"livegen: {repaired}", file=sys.stderr, flush=True)
    return Band().tracks(score), []


def _session(source: Path) -> tuple["Score", list[int]] | None:
    """A session with a track for each part, and the ticks at which an answer was kept.  Raises JournalError."""
    from livegen.daemon.recording.takes import (
        Band,
        BarTicks,
        bars_of,
        is_note,
        score_of,
        session_played,
    )
    from livegen.jam.reports.journal import salvage
    from livegen.jam.reports.rows import JournalError, Row, Told

    try:
        session = salvage(source.read_text(encoding="utf-8", errors="replace").splitlines())
        played = session_played(session)
        if not any(is_note(one.data) for one in played):
            return None
        bars = bars_of(session.grids, played)
    except OSError as error:
        raise JournalError(f"{source}: cannot be read ({error.strerror})") from None
    except JournalError as error:
        raise JournalError(f"{source}: {error}") from None
    band = Band()
    for run in session.runs:
        rows: list[Row] = [run.header, *run.did]
        for row in rows:
            band = band.after(row)
    told = [step for run in session.runs for did in run.did for step in did.fed]
    kept = [step.at for step in told if isinstance(step, Told) and step.name == "keep"]
    ticks = BarTicks(bars)
    return band.tracks(score_of(played, bars)), [ticks.tick(at) for at in kept]


def _expect(source: Path, files: SongFiles, replaces: bool) -> Path | None:
    """The sound font, where stems are asked for.  Raises LivegenError for files that cannot be written."""
    from livegen.config import load
    from livegen.daemon.recording.recordings import midi_name
    from livegen.notation.files import check as check_score
    from livegen.sound.fonts import font
    from livegen.sound.synth import check as check_sound

    if files.out:
        midi_name(files.out)
    for option, wanted, ending in (
        ("--chart", files.chart, ".txt"),
        ("--reaper", files.reaper, ".rpp"),
    ):
        if wanted and wanted.suffix.lower() != ending:
            raise ConfigError(f"{option} {wanted}: expected a file that ends in {ending}")
    for path in files.scores:
        said_by("--score", path, partial(check_score, path.suffix.lower()))
    for option, path in files.named():
        expect_apart([source], [path], option)
        if not replaces:
            expect_free([path], option)
    if files.stems is None:
        return None
    said_by("--stems", files.stems, check_sound)
    if not replaces and files.stems.is_dir() and any(files.stems.glob("*.wav")):
        raise ConfigError(
            f"--stems {files.stems}: holds WAV files already; choose another folder, or replace with --force"
        )
    return font(load().sound.font)


def _write(made: "Song", files: SongFiles, font: Path | None, replaces: bool) -> Iterator[Path]:
    from livegen.music.charts import write_text
    from livegen.music.files import reaper, smf
    from livegen.notation.files import rendered
    from livegen.notation.notate import chord_markers, notate

    score, markers = made.score, chord_markers(made.score)
    if files.out:
        write_out(files.out, partial(smf.write, score=score, markers=markers), replaces)
        yield files.out
    if files.scores:
        chords = [(at, chord) for at, chord in made.chords]
        notation = notate(score, made.sheet.title, made.key, chords)
        for path in files.scores:
            data = rendered(notation, path.suffix.lower())
            write_out(path, partial(Path.write_bytes, data=data), replaces, "--score")
            yield path
    if files.chart:
        yield _write_text(files.chart, write_text(made.sheet), "--chart", replaces)
    if files.reaper:
        text = reaper.project(score, markers, _regions(made))
        yield _write_text(files.reaper, text, "--reaper", replaces)
    if files.stems and font:
        yield from _write_stems(score, files.stems, font, replaces)


def _write_text(path: Path, text: str, option: str, replaces: bool) -> Path:
    write_out(path, partial(Path.write_text, data=text, encoding="utf-8"), replaces, option)
    return path


def _regions(made: "Song") -> list["Region"]:
    from livegen.music.files.reaper import Region
    from livegen.music.time.metre import TICKS_PER_BEAT

    scale = made.score.ppqn / TICKS_PER_BEAT
    lines = [bar.start for bar in made.bars]
    lines.append(made.bars[-1].start + made.bars[-1].ticks)
    found = [
        Region(
            round(lines[take.first] * scale),
            round(lines[take.last] * scale),
            _named(number, take.kept),
        )
        for number, take in enumerate(made.takes, 1)
    ]
    return sorted(found)


def _named(number: int, kept: int) -> str:
    return f"Take {number}" + (", kept" if kept else "")


def _write_stems(score: "Score", folder: Path, font: Path, replaces: bool) -> Iterator[Path]:
    """A WAV file for each part, named as its track."""
    from livegen.sound import synth
    from livegen.sound.render import programs_of, stems

    programs = programs_of(score)
    told = {synth.PLAYER: programs, synth.MODEL: programs}
    for number, (track, data) in enumerate(
        zip(score.tracks, stems(score, font, told), strict=True), 1
    ):
        path = folder / f"{number} {_safe(track.name)}.wav"
        write_out(path, partial(Path.write_bytes, data=data), replaces, "--stems")
        yield path


def _safe(name: str) -> str:
    """A name of a track as that of a file."""
    kept = "".join(sign if sign.isalnum() or sign in " -_" else " " for sign in name)
    return " ".join(kept.split())[:60] or "track"
