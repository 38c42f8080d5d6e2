"""A configuration answers files: calls are read and checked, and answers, scores and sound are written."""

import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from livegen.app.engines import engine_settings, engine_with, load_memory, programs_by_channel
from livegen.app.outputs import expect_apart, expect_free, said_by, write_out
from livegen.errors import ConfigError

if TYPE_CHECKING:
    from livegen.config import Config
    from livegen.music.files.smf import Score
    from livegen.notation.symbols import Notation

_LONGEST_TITLE = 60  # characters


def generate(
    calls: Sequence[Path],
    out: Path,
    config: "Config",
    replaces: bool = False,
    scores: Sequence[Path] = (),
    audio: Path | None = None,
    asked: str = "",
) -> Iterator[Path]:
    """Answer each call by itself and write what both play; gives the path of each file when it is written.

    `scores` are files of notation, `audio` is one of sound, of one call; `asked` is as `answer` takes it.
    Everything that can be wrong with the files and the model is said before anything is written.  A file that is there
    is left alone unless `replaces`, a call always.  Raises LivegenError.
    """
    from livegen.answer import answer, rules, written
    from livegen.inference.model_files import load
    from livegen.music.files import smf
    from livegen.notation.notate import notate

    settings = engine_settings(config)
    _expect_to_play(str(config.controls["mode"]))
    targets = _targets(calls, out)
    font = _expect_outputs(calls, scores, audio, config, replaces)
    if not replaces:
        expect_free(list(targets.values()))
    played = {call: smf.read_to_play(call) for call in targets}
    model = load(Path(settings["model"]))
    for call, (score, repaired) in played.items():
        target = targets[call]
        if repaired:
            print(f"livegen: {repaired}", file=sys.stderr, flush=True)
        engine = engine_with(settings, model, rules(score))
        if player := settings["remembers"]:
            engine.remember(load_memory(player)[1])
        answered = answer(score, engine, asked)
        write_out(target, partial(smf.write, score=answered), replaces)
        if call == calls[0]:
            said = f"livegen: {settings['model']}, seed {settings['seed']}"
            print(said, file=sys.stderr, flush=True)
        yield target
        if scores:
            yield from _write_scores(
                scores, notate(answered, call.stem, *written(engine, answered)), replaces
            )
        if audio and font:
            yield _write_audio(audio, answered, font, config, score, replaces)


def sing(
    lyrics: str,
    out: Path,
    config: "Config",
    replaces: bool = False,
    scores: Sequence[Path] = (),
    audio: Path | None = None,
) -> Iterator[Path]:
    """Set lyrics to a tune; gives the path of each file when it is written.  Raises LivegenError as `generate` does."""
    from livegen.daemon.recording.recordings import midi_name
    from livegen.inference.model_files import load
    from livegen.jam.controls.controls import settings as checked_controls
    from livegen.music.files import smf
    from livegen.music.words.syllables import lines_of
    from livegen.notation.notate import notate
    from livegen.singing import tune

    settings = engine_settings(config)
    lines = lines_of(lyrics)
    target = midi_name(out)
    font = _expect_outputs((), scores, audio, config, replaces)
    if not replaces:
        expect_free([target])
    model = load(Path(settings["model"]))
    sung = tune(lines, model, checked_controls(settings["controls"]), settings["seed"])
    write = partial(smf.write, score=sung.score, lyrics=sung.lyrics)
    write_out(target, write, replaces)
    said = f"livegen: {settings['model']}, seed {settings['seed']}"
    print(said, file=sys.stderr, flush=True)
    yield target
    if scores:
        written = notate(sung.score, _title(lyrics), sung.key, (), sung.notes)
        yield from _write_scores(scores, written, replaces)
    if audio and font:
        yield _write_audio(audio, sung.score, font, config, None, replaces)


def _title(lyrics: str) -> str:
    """The first line of a song, cut between words where it is long."""
    line = " ".join(re.split(r"[\n\r/]", lyrics.strip(" \n\r/"))[0].split())
    if len(line) <= _LONGEST_TITLE:
        return line
    cut = line[: _LONGEST_TITLE - 1]
    return (cut.rpartition(" ")[0] or cut) + " …"


def _expect_outputs(
    calls: Sequence[Path],
    scores: Sequence[Path],
    audio: Path | None,
    config: "Config",
    replaces: bool,
) -> Path | None:
    """The sound font, where sound is asked for.  Raises LivegenError for scores or sound that cannot be written."""
    from livegen.notation.files import check as check_score
    from livegen.sound.fonts import font as sound_font

    _expect_one("--score", scores, calls, replaces)
    _expect_one("--audio", [audio] if audio else [], calls, replaces)
    for file in scores:
        said_by("--score", file, partial(check_score, file.suffix.lower()))
    if audio:
        said_by("--audio", audio, partial(_expect_sound, audio))
    return sound_font(config.sound.font) if audio else None


def _write_audio(
    audio: Path, played: "Score", font: Path, config: "Config", call: "Score | None", replaces: bool
) -> Path:
    """Write what was played as sound, the player's in the sounds of his call."""
    from livegen.sound.render import programs_of, wav
    from livegen.sound.synth import MODEL, PLAYER

    told = {PLAYER: programs_of(call) if call else {}, MODEL: programs_by_channel(config)}
    data = wav(played, font, told)
    write_out(audio, partial(Path.write_bytes, data=data), replaces, "--audio")
    return audio


def _expect_one(option: str, files: Sequence[Path], calls: Sequence[Path], replaces: bool) -> None:
    """Raises ConfigError for files of one call that cannot be written."""
    if files and len(calls) > 1:
        raise ConfigError(
            f"{option} {files[0]}: holds the answer to one call; name one call, not {len(calls)}"
        )
    expect_apart(calls, files, option)
    if not replaces:
        expect_free(files, option)


def _expect_sound(audio: Path) -> None:
    """Raises ConfigError for a file that is no WAV, or where nothing can render one."""
    from livegen.sound.synth import check

    if audio.suffix.lower() != ".wav":
        raise ConfigError(f"expected a file that ends in .wav, got {audio.suffix or 'no ending'}")
    check()


def _write_scores(scores: Sequence[Path], notation: "Notation", replaces: bool) -> Iterator[Path]:
    from livegen.notation.files import rendered

    for score in scores:
        write = partial(Path.write_bytes, data=rendered(notation, score.suffix.lower()))
        write_out(score, write, replaces, "--score")
        yield score


def _expect_to_play(mode: str) -> None:
    from livegen.jam.turns import MODES, Start

    if MODES[mode].start is Start.NEVER:
        raise ConfigError(f"--mode {mode}: in this mode the model never plays; choose another mode")


def _targets(calls: Sequence[Path], out: Path) -> dict[Path, Path]:
    """The file of each call's answer: `out` itself, or a file of the call's name in the folder `out`.

    Something without a suffix is a folder.  Raises ConfigError or RecordingError.
    """
    from livegen.daemon.recording.recordings import midi_name

    twice = next((call for call in calls if calls.count(call) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice} is named twice; name each call once")
    is_folder = len(calls) > 1 or out.is_dir() or not (out.suffix or out.exists())
    if is_folder and out.suffix and not out.exists():
        raise ConfigError(
            f"--out {out}: {len(calls)} calls need a folder, and this looks like the name of a file; "
            "name a folder, or create this one first"
        )
    if is_folder and out.exists() and not out.is_dir():
        raise ConfigError(
            f"--out {out}: {len(calls)} calls need a folder, and this is a file; name a folder"
        )
    targets = {call: out / f"{call.stem}.mid" if is_folder else midi_name(out) for call in calls}
    written: dict[Path, Path] = {}
    for call, target in targets.items():
        if (other := written.setdefault(target.resolve(), call)) != call:
            raise ConfigError(
                f"{other} and {call} have the same name, and both answers would be written to {target}; rename one"
            )
    expect_apart(calls, list(targets.values()))
    return targets
