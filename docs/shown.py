"""Examples of what every mode plays, the best and the worst: `python -m docs.shown --data DIR` writes docs/EXAMPLES.md.

A mode is tried on calls from held-out music and its figure ranks what comes of them (`docs.ways`): the two best, the
middle one and the two worst are kept, so that nobody's taste chooses.  Of each there are a MIDI file, a picture and one
sentence, written by hand from the notes.  Sentences are kept in examples/said.yaml by a digest of the notes: with other
notes there is no sentence until one is written there; then `python -m docs.shown` writes the page anew.
"""

import hashlib
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import yaml

from docs import roll
from docs.ways import SEED, SETS, WAYS, Outcome, Try, free_pieces, messages, outcome, tries
from livegen import shipped
from livegen.errors import LivegenError
from livegen.inference.model import load
from livegen.jam.turns import MODES
from livegen.music.files.smf import Score, Track, read, write
from livegen.music.messages import Message, NoteOn, Other
from livegen.music.note import Note
from livegen.training.process_pool import processes

HERE = Path(__file__).parent
PAGE, EXAMPLES = HERE / "EXAMPLES.md", HERE / "examples"
FACTS, SAID = "examples.json", "said.yaml"

PLACES = ("best", "second best", "middle", "second worst", "worst")
CALLS = 40  # of each mode
PPQN = 480
PLAYERS_CHANNEL = 4  # and the next: apart from the model's, so that both can hold one key
# Of the model's channels: vibraphone, electric piano, bass.  The player has a piano.
PROGRAMS = {0: 11, 1: 4, 2: 32}
PROGRAM_CHANGE = 0xC0

# What renders sound: programs, the packages that hold them, and where their instruments lie.
RENDERERS = ("fluidsynth", "opusenc")
PACKAGES = "fluidsynth fluid-soundfont-gm opus-tools"
INSTRUMENTS = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
BITRATE = 16  # kbit/s
GAIN = 1.2  # of the synthesiser, whose own 0.2 is hardly heard

Facts = dict[str, Any]


# --- pure ---------------------------------------------------------------------------------------------------------


def chosen(figures: Sequence[float]) -> list[int]:
    """Indices of the two highest figures, the middle one and the two lowest; of equals the earlier counts as higher.

    Raises ValueError for fewer than five.
    """
    if len(figures) < len(PLACES):
        raise ValueError(f"{len(figures)} figures are too few to choose {len(PLACES)} from")
    ranked = sorted(range(len(figures)), key=lambda index: -figures[index])
    return [ranked[at] for at in (0, 1, len(ranked) // 2, -2, -1)]


def score_of(one: Try, played: Outcome) -> Score:
    """The score of what both played, tracks Player and Model, from the call's first bar line on."""
    call = one.scene.call
    numerator, denominator = (int(word) for word in call.metre.split("/"))
    player = [
        note._replace(channel=note.channel + PLAYERS_CHANNEL)
        for note in (*call.notes, *one.scene.more)
    ]
    tracks = [track_of("Player", player), track_of("Model", played.heard.notes)]
    return Score(
        PPQN,
        tuple(track for track in tracks if track.messages),
        ((0, call.tempo_us),),
        ((0, numerator, denominator),),
    )


def track_of(name: str, notes: Sequence[Note]) -> Track:
    """Notes as a track that says which instruments play it."""
    # One that was cut short as it began would come out as an end and a beginning.
    notes = [note._replace(end=max(note.end, note.onset + 1 / PPQN)) for note in notes]
    channels = sorted({note.channel for note in notes} & set(PROGRAMS))
    programs: list[tuple[int, Message]] = [
        (0, Other(bytes((PROGRAM_CHANGE | channel, PROGRAMS[channel])))) for channel in channels
    ]
    timed = [(max(0, round(beat * PPQN)), message) for beat, message in messages(notes)]
    timed.sort(key=lambda row: (row[0], isinstance(row[1], NoteOn)))
    return Track(name, (*programs, *timed))


def digest(score: Score) -> str:
    """Twelve digits that say which notes were played, by whom and when."""
    rows = [
        (track.name, tick, repr(message))
        for track in score.tracks
        for tick, message in track.messages
        if not isinstance(message, Other)
    ]
    text = json.dumps([score.ppqn, score.tempos, sorted(rows)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def said_lines(facts: Facts, said: Mapping[str, str]) -> Iterator[str]:
    """The file of sentences: those of examples that there are, and an empty one for each that has none."""
    yield "# One sentence on each example, by the digest of its notes; see docs/shown.py."
    for example in _examples(facts):
        yield f"# {example['mode']}, {example['place']}: {example['piece']}"
        sentence = {example["digest"]: said.get(example["digest"], "")}
        yield yaml.safe_dump(sentence, allow_unicode=True, width=110).rstrip()


def unsaid(facts: Facts, said: Mapping[str, str]) -> list[str]:
    """Which examples have no sentence, in words."""
    return [
        f"{example['mode']}, {example['place']}: {example['file']}.mid"
        for example in _examples(facts)
        if not said.get(example["digest"])
    ]


def page_lines(facts: Facts, said: Mapping[str, str], sounds: frozenset[str]) -> Iterator[str]:
    """The page.  `sounds` are the files, as examples name them, that were rendered."""
    yield from (
        "# What it plays, the best and the worst",
        "",
        f"Each mode of livegen was tried with the model {facts['model']} on {facts['calls']} calls from pieces that "
        "were held back in training, on virtual time, with every control at its default but those named. "
        "A figure ranks what came of them. Shown are the two best, the middle one and the two worst by that figure, so "
        "that nobody's taste chose; the figure is not taste either, and what is heard may be better or worse than it. "
        "With a fault (a loop, silence, a flood, notes out of range, too long or hanging) it is 1 less.",
        "",
        "In the pictures the player is blue, the model orange. In the MIDI files they are two tracks; the player has a "
        "piano, the model a vibraphone for the lead, an electric piano for the comp, a bass and drums.",
        _on_sound(sounds),
        "",
        f"Written by `make examples` (seed {facts['seed']}), but for the sentences: they are by hand, from the notes.",
    )
    for mode in MODES:
        yield from ("", f"## {mode}", "", f"*{mode.capitalize()}: {MODES[mode].help}.*")
        if mode not in facts["modes"]:
            yield from ("", "There is nothing to show.")
            continue
        shown = facts["modes"][mode]
        yield from ("", f"Figure: {shown['says']}.")
        low, middle, high = (_number(shown[name]) for name in ("lowest", "median", "highest"))
        faults = ", ".join(f"{name} {count}" for name, count in shown["faults"].items())
        yield (
            f"Of {shown['calls']} calls the lowest is {low}, the median {middle}, the highest {high}; "
            f"faults: {faults or 'none'}."
        )
        for example in shown["examples"]:
            yield from _example_lines(mode, example, said, sounds)
    yield from ("", "## Where the calls are from", "")
    yield from (f"* {words}" for words in facts["sets"])


def _example_lines(
    mode: str, example: Facts, said: Mapping[str, str], sounds: frozenset[str]
) -> Iterator[str]:
    file, place = f"examples/{example['file']}", example["place"]
    links = f"[MIDI]({file}.mid)"
    faults = f" with a fault: {', '.join(example['faults'])}" if example["faults"] else ""
    if example["file"] in sounds:
        links += f", [sound]({file}.opus)"
    yield from (
        "",
        f"**{place.capitalize()}, {_number(example['figure'])}**{faults}: {example['piece']}, "
        f"from bar {example['bar']}; {example['metre']}, {example['bpm']} bpm ({example['set']}). {links}",
        "",
        f"![{mode}, {place}]({file}.png)",
        "",
        said.get(example["digest"]) or "*(no sentence yet)*",
    )


def _on_sound(sounds: frozenset[str]) -> str:
    if sounds:
        return "The sound is of FluidR3, a set of General MIDI instruments."
    return "`make examples ARGS=--sound` renders them to sound."


def _examples(facts: Facts) -> Iterator[Facts]:
    for mode, shown in facts["modes"].items():
        yield from ({"mode": mode, **example} for example in shown["examples"])


def _number(figure: float) -> str:
    return f"{figure:.2f}".replace("-", "−")


# --- files --------------------------------------------------------------------------------------------------------


def play(model: Path, data: Path, count: int, workers: int, folder: Path) -> Facts:
    """Try all modes, write files and pictures of what is kept, and say what they are."""
    pieces = free_pieces(data)
    titles = {(piece.held.corpus, piece.held.name): piece.title for piece in pieces}
    some = tries(pieces, count)
    with processes(workers) as pool:
        outcomes = list(pool.map(partial(outcome, model), some, chunksize=4))
    facts: Facts = {"model": load(model).facts.name, "seed": SEED, "calls": count}
    facts |= {"sets": sorted(SETS.values()), "modes": {}}
    pairs = zip(some, outcomes, strict=True)
    for mode, rows in groupby(pairs, key=lambda row: row[0].mode):
        ranked = list(rows)
        figures = [played.judged.rank for _, played in ranked]
        faults = Counter(fault for _, played in ranked for fault in played.judged.faults)
        facts["modes"][mode] = {
            "says": WAYS[mode].says,
            "calls": len(ranked),
            "lowest": round(min(figures), 4),
            "median": round(statistics.median(figures), 4),
            "highest": round(max(figures), 4),
            "faults": dict(sorted(faults.items())),
            "examples": [
                _keep(*ranked[index], place, titles, folder)
                for index, place in zip(chosen(figures), PLACES, strict=True)
            ],
        }
    return facts


def _keep(
    one: Try, played: Outcome, place: str, titles: Mapping[tuple[str, str], str], folder: Path
) -> Facts:
    """Write one example; what the page says of it."""
    call, file = one.scene.call, f"{one.mode}/{place.replace(' ', '-')}"
    path = folder / f"{file}.mid"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, score_of(one, played))
    roll.draw(path, path.with_suffix(".png"), "", roll.SMALL)
    return {
        "place": place,
        "file": file,
        "figure": round(played.judged.rank, 4),
        "faults": sorted(played.judged.faults),
        "piece": titles[call.corpus, call.name],
        "set": call.corpus,
        "bar": round(call.first_beat / call.bar) + 1,
        "metre": call.metre,
        "bpm": round(call.bpm),
        "digest": digest(read(path)),
    }


def render(folder: Path, files: str = "*/*.mid", gain: float = GAIN) -> None:
    """Render all files to Opus beside them.  Raises LivegenError that names what is missing."""
    missing = [name for name in RENDERERS if not shutil.which(name)]
    if missing or not INSTRUMENTS.is_file():
        raise LivegenError(
            f"sound needs {' '.join(missing) or INSTRUMENTS}: apt install {PACKAGES}"
        )
    with tempfile.TemporaryDirectory() as scratch:
        wave = Path(scratch) / "sound.wav"
        for path in sorted(folder.glob(files)):
            synthesise = ["fluidsynth", "-ni", "-q", "-g", str(gain), "-F", str(wave)]
            subprocess.run(
                [*synthesise, str(INSTRUMENTS), str(path)], check=True, capture_output=True
            )
            encode = f"opusenc --quiet --downmix-mono --bitrate {BITRATE} --serial 1".split()
            subprocess.run([*encode, str(wave), str(path.with_suffix(".opus"))], check=True)


@click.command(help=__doc__)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder of the sets; without it only the page is written.",
)
@click.option("--model", default="default", help="Name or path of the model.")
@click.option(
    "--calls", default=CALLS, type=click.IntRange(len(PLACES)), help="Calls of each mode."
)
@click.option("--workers", default=2, help="Processes that play.")
@click.option("--sound", is_flag=True, help=f"Render sound too (needs {PACKAGES}).")
def main(data: Path | None, model: str, calls: int, workers: int, sound: bool) -> None:
    """See above."""
    facts_path, said_path = EXAMPLES / FACTS, EXAMPLES / SAID
    if data is not None:
        facts = play(shipped.model(model), data, calls, workers, EXAMPLES)
        facts_path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
        for stale in EXAMPLES.glob("*/*.opus"):
            stale.unlink()
    if sound:
        render(EXAMPLES)
    facts = json.loads(facts_path.read_text())
    said = yaml.safe_load(said_path.read_text()) if said_path.is_file() else {}
    said_path.write_text("\n".join(said_lines(facts, said)) + "\n")
    sounds = frozenset(
        path.relative_to(EXAMPLES).with_suffix("").as_posix() for path in EXAMPLES.glob("*/*.opus")
    )
    PAGE.write_text("\n".join(page_lines(facts, said, sounds)) + "\n")
    for words in unsaid(facts, said):
        click.echo(f"no sentence yet: {words}")


if __name__ == "__main__":
    try:
        main(standalone_mode=True)
    except LivegenError as error:
        sys.exit(str(error))
