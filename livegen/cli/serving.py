"""Commands that make music, or have it again: serve, studio, join, plugin, generate, replay, recover."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from livegen.cli.options import (
    EXISTING,
    FILE,
    NEW_FILE,
    NEW_FOLDER,
    NEW_PATH,
    SYSTEMS,
    config_of,
    config_option,
    control_options,
    decorated,
    force_option,
    in_port_option,
    origin_of,
    out_port_option,
    set_option,
)
from livegen.errors import ConfigError
from livegen.music.parts import RULES

PUBLIC = r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?"  # a Host header: a name, and a port where that is not the usual one


api_option = click.option(
    "--api",
    type=click.Choice([*SYSTEMS, "none"]),
    help="MIDI system; none opens no ports. [default: auto]",
)


def configured(*left_out: str) -> Callable[[Any], Any]:
    """Add the options that decide how the model plays: model, controls, seed, configuration."""
    return decorated(
        click.option(
            "--model",
            metavar="NAME|PATH",
            help="Model that plays: default, a model's name, or an .onnx file. [default: default]",
        ),
        control_options(*left_out),
        click.option(
            "--remember",
            metavar="NAME|FILE.mid",
            help="Whose playing is remembered: a name, under which it is kept from one evening to the next, or a "
            "MIDI file that is known from the start. [default: nobody's]",
        ),
        click.option(
            "--seed",
            type=int,
            metavar="N",
            help="Seed of all random choices; with the same seed the model answers the same playing with the "
            "same notes. [default: a new one]",
        ),
        config_option,
        set_option,
    )


@click.command()
@out_port_option
@in_port_option
@api_option
@configured()
@click.option(
    "--player",
    type=FILE,
    metavar="FILE.mid",
    help="MIDI file to play to the model in your place, in real time.",
)
@click.option(
    "--listen",
    metavar="mic|page|NAME|FILE.wav",
    help="Hear one voice in audio too, a singer, a guitar, a horn: mic (the system's input), page (the "
    "microphone of an open page), the name or number of an audio input, or a WAV file. Every note is known a sixth of "
    "a second after it is struck.",
)
@click.option(
    "--record",
    type=NEW_FILE,
    metavar="FILE.mid",
    help="Record you and the model into this file, on two tracks; written when livegen ends. A file that "
    "exists stays: the new one is FILE-2.mid then.",
)
@click.option(
    "--until-player-ends",
    is_flag=True,
    help="End when the file of --player is over and the model has answered it.",
)
@click.option(
    "--page/--no-page",
    "page",
    default=None,
    help="Serve the page, and print its address. [default: --page]",
)
@click.option(
    "--surface",
    "surfaces",
    multiple=True,
    metavar="NAME|FILE",
    help="Control surface to use, with its lights: launchpad, nanokontrol2, midimix, or the file of a map of "
    "your own; can be given several times.",
)
@click.option(
    "--sound/--no-sound",
    "sound",
    default=None,
    help="Play through livegen's own instruments, without a DAW. [default: --no-sound]",
)
@click.option(
    "--stats",
    type=click.Choice(["summary", "trace"]),
    help="When livegen ends, print as JSON how late messages were sent; trace adds every message.",
)
def serve(
    player: Path | None,
    listen: str | None,
    record: Path | None,
    until_player_ends: bool,
    stats: str | None,
    **options: Any,
) -> int:
    """Open the ports and jam, until Ctrl-C.

    Prints a line that starts with "ready" when you can play.  On Ctrl-C or SIGTERM every note is
    released.  On Windows, where no program can make a MIDI port, it opens existing ones of those names.
    Without a MIDI system it says so, and you can play on its page, or a file with --player.

    \b
    Examples:
      livegen serve
      livegen serve --port "Answers" --mode continue --set jam.density=0.7
      livegen serve --set channels.2=bass --set output.bass=2
      livegen serve --mode accompany --surface launchpad
      livegen serve --api none --player call.mid --record both.mid --until-player-ends
      livegen serve --sound
      livegen serve --sound --listen mic
    """
    if until_player_ends and not player:
        raise ConfigError("--until-player-ends: no file is played; name one with --player")
    from livegen import app

    origin = origin_of(options)
    return app.serve(
        origin.load(),
        player=player,
        record=record,
        until_player_ends=until_player_ends,
        stats=stats or "",
        origin=origin,
        listen=listen,
    )


@click.command()
@click.option(
    "--host",
    default="0.0.0.0",
    metavar="ADDRESS",
    help="Address to listen on; 127.0.0.1 lets in this machine only. [default: all of this machine's]",
)
@click.option(
    "--port",
    type=click.IntRange(1024, 65535),
    default=9702,
    metavar="N",
    help="Port of the page. [default: 9702]",
)
@click.option(
    "--rooms",
    type=click.IntRange(1, 1000),
    default=64,
    metavar="N",
    help="How many rooms there may be at once. [default: 64]",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="How many processes play, each with some of the rooms. [default: one for each core]",
)
@click.option(
    "--public",
    multiple=True,
    metavar="NAME",
    help="Name under which a proxy with TLS serves the studio, such as jam.example.org; can be given several times.",
)
@click.option(
    "--invited",
    is_flag=True,
    help="Players need an invitation each, which the teacher's page makes; no address is for all.",
)
@click.option(
    "--record",
    type=NEW_FOLDER,
    metavar="DIR",
    help="Record every room into this folder, which all who play there are told; the teacher's page can do so for "
    "a room as well. [default: nothing is recorded]",
)
@configured("sync")  # there is no clock of a DAW
def studio(
    host: str,
    port: int,
    rooms: int,
    workers: int | None,
    public: tuple[str, ...],
    invited: bool,
    record: Path | None,
    **options: Any,
) -> int:
    """Serve many players, each at a page in the browser.

    Prints the address for players; whoever opens it plays with a model of his own.  Add ?room=NAME before the #
    of the address, and all who open that play in one room, with one model.  The page makes the sound.  A second
    address is the teacher's: that page shows and steers all rooms.  No player is remembered by name.  What is
    sent is not encrypted: outside your own network, put a proxy with TLS in front, and name it with --public.
    Ctrl-C ends it.

    \b
    Examples:
      livegen studio
      livegen studio --rooms 8 --mode trade --tempo 96
      livegen studio --host 127.0.0.1 --public jam.example.org
    """
    from livegen import app

    if wrong := [name for name in public if not re.fullmatch(PUBLIC, name)]:
        raise ConfigError(
            f"--public: expected a name such as jam.example.org, got {wrong[0]!r:.60}"
        )
    if (player := options["remember"]) and app.is_players_name(player):
        raise ConfigError(
            f"--remember: a studio remembers nobody by name, for anybody could say that he is {player!r:.60}; "
            "name a MIDI file, which every room knows from the start"
        )
    return app.studio(config_of(options), host, port, rooms, public, invited, workers, record)


@click.command()
@click.argument("address", metavar="URL")
@out_port_option
@in_port_option
@api_option
@click.option(
    "--name",
    default="",
    metavar="NAME",
    help="Your name, as the others in the room see it. [default: the one in the address, or none]",
)
@click.option(
    "--room",
    default="",
    metavar="NAME",
    help="Room to play in. [default: the one in the address, or one of your own]",
)
@click.option(
    "--role",
    type=click.Choice([*RULES, "listener"]),
    help="What you play: the model hears you as that, whatever your channel. [default: as your channel says]",
)
@config_option
@set_option
def join(address: str, name: str, room: str, role: str | None, **options: Any) -> int:
    """Play in a studio from your DAW, until Ctrl-C.

    The MIDI ports are here, the model is there.  URL is the address that `livegen studio` prints for players, or an
    invitation; put it in quotes.  Your notes go there with the times at which you played them, and the model's come
    back ahead of time.  Whoever opens the same address in a browser sees the room and sets its controls.  Where the
    studio is lost, every note is released, and you are back in the room when it answers again.

    \b
    Examples:
      livegen join 'http://192.168.1.20:9702/?room=blues#Ab3xY' --name Ana --role bass
      livegen join 'https://jam.example.org/#Ab3xY' --port "From the studio" --set ports.thru=true
    """
    from livegen import app

    return app.join(config_of(options), address, name, room, role or "")


@click.command()
@config_option
@set_option
def plugin(**options: Any) -> int:
    """Serve the plug-ins in your DAW, which start this themselves.

    All their jams are in one process.  It ends two minutes after the last plug-in has left.  docs/PLUGIN.md has what is
    said between both.

    \b
    Examples:
      livegen plugin
      livegen plugin --set jam.mode=accompany
    """
    from livegen import app

    return app.plugin(config_of(options))


@click.command()
@click.argument("calls", nargs=-1, type=FILE, metavar="[CALL.mid]...")
@click.option(
    "--lyrics",
    metavar="TEXT|FILE",
    help="Set words to a tune instead of answering a file: lines of a song, or a text file of them.",
)
@click.option(
    "--out",
    required=True,
    type=NEW_PATH,
    metavar="FILE|DIR",
    help="File to write, with what both played; a folder for several calls.",
)
@click.option(
    "--score",
    "scores",
    multiple=True,
    type=NEW_FILE,
    metavar="FILE",
    help="Also write what both played as a score: FILE.musicxml, .pdf or .svg; can be given several times.",
)
@click.option(
    "--audio",
    type=NEW_FILE,
    metavar="FILE.wav",
    help="Also write what both played as sound, with you on the left.",
)
@force_option
@configured("sync")  # a file has its own time
def generate(
    calls: tuple[Path, ...],
    lyrics: str | None,
    out: Path,
    scores: tuple[Path, ...],
    audio: Path | None,
    replaces: bool,
    **options: Any,
) -> None:
    """Answer MIDI files, or set lyrics to a tune, without ports.

    The call is played to the engine of `serve` as it stands in the file, and what both play is written to a
    file with the tracks Player and Model.  Where its notes lie on the beat of the file, its tempo and metre
    lead; else, and with --set jam.sync=free, they are found in the notes.  Several calls are answered one by
    one, each into a file of its own name in the folder.  An answer that would never end, as in the modes
    continue and solo, gets as many bars as the call, or as --bars says.

    With --lyrics stressed syllables fall on strong beats, each line ends on a long note, and the model says
    the pitches: in the --scale, --tempo and --style that are asked for, and the metre of jam.metre.  The file has
    the words as lyrics, a --score has them under the notes.  English, German and Chinese are divided; write
    a-ma-zing to divide a word yourself.

    \b
    Examples:
      livegen generate call.mid --out both.mid
      livegen generate calls/*.mid --out answers/ --mode continue --bars 8 --seed 7
      livegen generate call.mid --out both.mid --score both.pdf --audio both.wav
      livegen generate --lyrics "Amazing grace, how sweet the sound" --out tune.mid --score tune.pdf
    """
    if (lyrics is None) is (not calls):
        raise ConfigError(
            "generate: name MIDI files to answer, or give words with --lyrics"
            + (", not both" if calls else "")
        )
    from livegen import app

    config = config_of(options)
    if lyrics is None:
        files = app.generate(calls, out, config, replaces, scores, audio)
    else:
        files = app.sing(_words(lyrics), out, config, replaces, scores, audio)
    for written in files:
        click.echo(written)


def _words(lyrics: str) -> str:
    """The words themselves, or those of a text file.  Raises ConfigError."""
    file = Path(lyrics)
    if "\n" in lyrics or not (file.suffix == ".txt" or (len(lyrics) < 256 and file.is_file())):
        return lyrics
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"--lyrics {file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"--lyrics {file}: is no text in UTF-8; save it as that") from None


@click.command()
@click.argument("journal", type=FILE, metavar="JOURNAL")
@click.option(
    "--out",
    type=NEW_FILE,
    metavar="FILE.mid",
    help="Also write the session to this file, as it was played.",
)
@force_option
@click.option(
    "--model",
    metavar="NAME|PATH",
    help="Model that plays. [default: the model file that the journal names]",
)
@click.option("--why", is_flag=True, help="Also say why each note of the model was played.")
def replay(journal: Path, out: Path | None, replaces: bool, model: str | None, why: bool) -> int:
    """Play a session again from its journal, and compare.

    The engine gets the same messages and commands as in the session, in the same order and with the same
    times, but without waiting.  Prints how many notes came out the same, and the first that did not.
    Journals are in ~/.local/share/livegen/recordings, one for each session.

    \b
    Exit status: 0  all notes the same    1  something differs    2  not a journal

    \b
    Examples:
      livegen replay ~/.local/share/livegen/recordings/"2026-11-21 063012.jsonl"
      livegen replay session.jsonl --out session.mid
      livegen replay session.jsonl --why
    """
    from livegen import app

    return 0 if app.replay(journal, out, model, replaces, why) else 1


@click.command()
@click.argument("paths", nargs=-1, type=EXISTING, metavar="[FILE|FOLDER]...")
def recover(paths: Sequence[Path]) -> int:
    """Make MIDI files of recordings that were left unfinished.

    Looks into your folder of recordings for what --record (FILE.mid.journal) and the rooms of a studio (.room) left
    behind in a crash or a power failure, or into these folders, or takes these files, journals of sessions
    (.jsonl) among them.  Prints each file that it writes beside what it was made of, and writes over none.

    \b
    Exit status: 0  a file was written    1  nothing was left    2  a mistake to mend; the line says which

    \b
    Examples:
      livegen recover
      livegen recover jam.mid.journal
      livegen recover ~/.local/share/livegen/recordings/"2026-11-21 063012.jsonl"
    """
    from livegen import app

    found = app.recover(paths, lambda line: click.echo(f"livegen: {line}", err=True))
    for path in found:
        click.echo(path)
    if not found:
        click.echo("nothing was left that holds music", err=True)
    return 0 if found else 1
