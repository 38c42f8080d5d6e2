"""The command line: help, exit statuses, and what each command does with what it is given."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import livegen
from livegen import answer, app, cli, config, shipped
from livegen.app import replaying
from livegen.app.daemons import recordings_folder
from livegen.cli.options import AT_HAND, SETTING_OF, SYSTEMS
from livegen.daemon.engine import engine_process
from livegen.daemon.midi.ports import API_NAMES
from livegen.errors import ConfigError, MidiFileError, ModelError
from livegen.jam.controls.controls import CONTROLS
from livegen.jam.interplay.listener import unknown_style
from livegen.jam.reports import rows
from livegen.jam.timing.agenda import Route
from livegen.jam.turns import MODES, Length
from livegen.music.files import smf
from livegen.music.messages import Message, NoteOff, NoteOn
from livegen.testing import EchoModel

PPQN = 480
ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def nobody_s_own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A model file that is not read: whoever loads it gets a model that echoes the last note."""
    path = tmp_path / "echo.onnx"
    path.write_bytes(b"")
    monkeypatch.setattr("livegen.inference.model.load", lambda path: EchoModel())
    return path


def call(path: Path, tempo_us: int = 500_000, name: str = "") -> Path:
    messages: list[tuple[int, Message]] = []
    for beat, pitch in enumerate((60, 62, 64, 67)):
        messages += [(beat * PPQN, NoteOn(pitch, 90)), (beat * PPQN + 400, NoteOff(pitch))]
    score = smf.Score(PPQN, (smf.Track(name, tuple(messages)),), ((0, tempo_us),), ((0, 4, 4),))
    smf.write(path, score)
    return path


def run(*arguments: str | Path) -> int:
    return cli.run([str(argument) for argument in arguments])


# --- exit statuses ----------------------------------------------------------------------------------------------


def test_help_and_version_succeed(capsys: pytest.CaptureFixture[str]) -> None:
    assert [run("--help"), run("-h"), run("serve", "-h"), run("--version")] == [0, 0, 0, 0]
    assert capsys.readouterr().out.endswith(f"livegen {livegen.__version__}\n")


def test_the_help_of_serve_names_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    run("serve", "--help")

    said = capsys.readouterr().out
    options = "--port --in --api --model --seed --config --set --player --record --stats"
    at_hand = [SETTING_OF[name][0] for name in AT_HAND]
    assert [option for option in [*options.split(), *at_hand] if option not in said] == []
    assert [mode for mode in MODES if f"{mode}:" not in said] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--set", "jam.temprature=1"], "did you mean jam.temperature?"),
        (["serve", "--port", "x" * 64], "--port xxxx"),
        (["serve", "--seed", "-1"], "--seed -1: seed: expected at least 0, got -1"),
        (["serve", "--until-player-ends"], "name one with --player"),
        (["serve", "--seed", "one"], "'one' is not a whole number. (see"),
        (["studio", "--rooms", "many"], "'many' is not a whole number. (see"),
        (["studio", "--record", "README.md"], "'README.md' is a file"),
        (["serve", "--model", "no-such"], "'no-such' is neither a model"),
        (["serve", "--mode", "sing"], "'sing' is not one of"),
        (
            ["serve", "--tempo", "fast"],
            "expected a number from 30 to 300 BPM or \"auto\", got 'fast'",
        ),
        (["serve", "--bars", "99"], 'expected a whole number from 1 to 32 bars or "call"'),
        (["serve", "--parts", "lead tuba"], "expected auto, or some of lead, comp, bass, drums"),
        (["serve", "--parts", ""], "expected auto, or some of lead, comp, bass, drums; got ''"),
        (["serve", "--record", "jam.wav"], "jam.wav: livegen writes MIDI; name it jam.mid"),
        (["serve", "--record", "jam"], "jam: livegen writes MIDI; name it jam.mid"),
        (["serve", "--player=~nobody-of-that-name/x.mid"], "there is no home folder ~nobody"),
        (["serve", "--player", "$NO_SUCH_PLACE/x.mid"], "$NO_SUCH_PLACE is not set"),
        (["serve", "--model", "$NO_SUCH_PLACE/x.onnx"], "$NO_SUCH_PLACE is not set"),
        (["serve", "--set", "recording.folder=$NO_SUCH_PLACE"], "$NO_SUCH_PLACE is not set"),
        (["serve", "--config", "no.yaml"], "no.yaml"),
        (["generate"], "Missing option '--out'"),
        (["evaluate", "no-such", "--data", "."], "'no-such' is neither a model"),
        (
            ["serve", "--model", "models/jam-phrases"],
            "'models/jam-phrases' holds a phrase encoder, which does not play alone; choose a model that does: jam-gru",
        ),
        (["serve", "--model", "jam-phrases"], "'jam-phrases' holds a phrase encoder"),
        (
            ["serve", "--model", "livegen/music/keys/tone.npz"],
            "holds the network that hears the key",
        ),
        (["sing"], "No such command 'sing'"),
        (["serve", "--no-such"], "No such option"),
        (["serve", "--api", "foo"], "'foo' is not one of 'auto', 'alsa'"),
        (["ports", "--api", "foo"], "'foo' is not one of 'auto', 'alsa'"),
        (["panic", "--api", "foo"], "'foo' is not one of 'auto', 'alsa'"),
        (["panic", "--api", "none"], "'none' is not one of"),
        (["serve", "--port", "a\tb"], "ports.out: expected a name without control characters"),
        (["serve", "--in", "a\nb"], "ports.in: expected a name without control characters"),
    ],
)
def test_a_person_s_mistake_exits_2_and_says_what_to_mend(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert caught.err.startswith("livegen: ") and caught.err.count("\n") == 1
    assert caught.out == ""


def test_a_mistyped_command_line_is_told_where_its_options_stand(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("serve", "--no-such")
    run("sing")

    said = capsys.readouterr().err.splitlines()
    assert [line.rpartition(" (see ")[2] for line in said] == [
        "`livegen serve --help`)",
        "`livegen --help`)",
    ]


def test_the_name_alone_shows_the_help_and_is_no_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run() == 0
    said = capsys.readouterr()
    assert "First steps:" in said.out and said.err == ""


def test_the_midi_systems_of_the_command_line_are_those_of_the_ports() -> None:
    assert (*SYSTEMS, "none") == API_NAMES


def test_our_own_fault_exits_1_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(app, "serve", break_down)

    assert run("serve") == 1
    assert capsys.readouterr().err == (
        "livegen: a fault in livegen: RuntimeError: broken (LIVEGEN_DEBUG=1 shows where)\n"
    )


def test_training_without_its_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in [name for name in sys.modules if name.startswith("livegen.training")]:
        monkeypatch.delitem(sys.modules, module)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: x\n")

    assert run("train", recipe, "--data", tmp_path, "--out", tmp_path / "out") == 2
    assert "livegen train needs torch, which is not installed: make -C " in (
        capsys.readouterr().err
    )


# --- controls as options ----------------------------------------------------------------------------------------


def completed(*words: str) -> list[str]:
    """What a shell is offered for the last word of a command line."""
    done = subprocess.run(
        [sys.executable, "-m", "livegen"],
        env=os.environ
        | {
            "_LIVEGEN_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("livegen", *words)),
            "COMP_CWORD": str(len(words)),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("command", ["serve", "generate"])
def test_completion_offers_every_mode(command: str) -> None:
    assert completed(command, "--mode", "") == list(MODES)


@pytest.mark.parametrize(
    ("option", "begun", "words"),
    [
        ("--tempo", "", ["auto"]),
        ("--parts", "b", ["bass"]),
        ("--scale", "pl", ["played"]),
        ("--style", "folk_r", ["folk_reel"]),
    ],
)
def test_completion_offers_the_words_that_a_control_takes(
    option: str, begun: str, words: list[str]
) -> None:
    assert completed("serve", option, begun) == words


VALUES = {
    "mode": "solo",
    "style": "jazz",
    "style_mix": "0.3",
    "chart": "12-bar-blues",
    "tempo": "90",
    "sync": "internal",
    "scale": "D dorian",
    "parts": "lead bass",
    "length": "4",
    "start": "bar",
    "density": "0.5",
    "temperature": "0.8",
}


def test_what_people_reach_for_has_an_option_each_that_says_its_help_and_sets_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[config.Config] = []

    def serve(configured: config.Config, **_: object) -> int:
        served.append(configured)
        return 0

    monkeypatch.setattr(app, "serve", serve)
    arguments = [word for name, value in VALUES.items() for word in (SETTING_OF[name][0], value)]

    assert tuple(VALUES) == AT_HAND
    assert run("serve", *arguments) == 0
    said = config.load(None, [f"jam.{name}='{value}'" for name, value in VALUES.items()])
    assert served == [said]
    run("serve", "--help")
    shown = "".join(capsys.readouterr().out.split())
    for name in AT_HAND:
        assert "".join(CONTROLS[name].help.split()) in shown, name


# --- a person's folders -----------------------------------------------------------------------------------------


def livegen_in(folder: Path, *arguments: str | Path, **environment: str) -> tuple[int, str]:
    """Status and standard error of a command with nothing in its environment but this."""
    done = subprocess.run(
        [sys.executable, "-m", "livegen", *map(str, arguments)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stderr


def test_a_home_that_nobody_spelled_out_is_never_made(echo: Path, tmp_path: Path) -> None:
    heard = call(tmp_path / "call.mid")
    generate = ("generate", heard, "--out", tmp_path / "both.mid")

    status, said = livegen_in(tmp_path, *generate, HOME="$HOME")
    assert status == 2 and said.count("\n") == 1 and "HOME is '$HOME'" in said
    spelled = {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": "$HOME/.config",
        "XDG_DATA_HOME": "~/x",
    }
    assert livegen_in(tmp_path, *generate, **spelled)[0] == 0
    assert [path.name for path in tmp_path.iterdir() if path.name[0] in "$~"] == []


def test_a_user_without_a_home_is_told_in_a_line_what_to_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(Path, "home", nowhere)

    for command in ("serve", "generate"):
        assert (
            run(command, *(["--out", "x.mid", "tests/test_cli.py"] * (command == "generate"))) == 2
        )
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "HOME is not set" in said and "fault" not in said


def test_home_may_stand_in_every_path(
    monkeypatch: pytest.MonkeyPatch, echo: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    call(tmp_path / "call.mid")

    for at, start in enumerate(("~", "$HOME", "${HOME}")):
        out, model = f"{start}/{at}.mid", f"{start}/echo.onnx"
        assert run("generate", f"{start}/call.mid", f"--out={out}", "--set", f"model={model}") == 0
        assert (tmp_path / f"{at}.mid").is_file()
        kept = config.load(None, [f"recording.folder={start}/kept"])
        assert recordings_folder(kept) == tmp_path / "kept"


# --- starting ---------------------------------------------------------------------------------------------------


def test_the_process_that_owns_the_ports_never_holds_numpy_or_a_network() -> None:
    program = (
        "import sys; from livegen import cli, config, app; from livegen.daemon import port_process;"
        "config.load(None, ['jam.temperature=0.9']);"
        "print([m for m in ('numpy', 'onnxruntime', 'mido', 'torch', 'rich') if m in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


# --- settings for the engine ----------------------------------------------------------------------------------


def test_a_configuration_becomes_what_the_engine_process_is_told(echo: Path) -> None:
    sets = [
        f"model={echo}",
        "seed=5",
        "channels.3=bass",
        "channels.4=off",
        "output.bass=2",
        "daemon.keep_warm_ms=0",
    ]

    told = app.engine_settings(config.load(None, sets))

    assert json.loads(json.dumps(told)) == told
    assert told == {
        "model": str(echo),
        "fitter": "livegen.app:load_fitted",
        "seed": 5,
        "remember": None,
        "remembers": None,
        "controls": config.Config().controls,
        "rules": {str(channel): "keys" for channel in range(16) if channel != 3}
        | {"2": "bass", "9": "drums"},
        "routes": {
            part: asdict(Route(channel))
            for part, channel in {"lead": 0, "comp": 1, "bass": 1, "drums": 9}.items()
        },
        "map": {},
        "presets": {},
        "macros": {},
        "horizon_us": 30_000,
        "keep_warm_us": 0,
        "awake_us": 60_000_000,
    }


def test_no_seed_means_another_one_each_time(echo: Path) -> None:
    configured = config.load(None, [f"model={echo}"])

    seeds = {app.engine_settings(configured)["seed"] for _ in range(4)}

    assert len(seeds) > 1


def test_an_engine_is_built_from_what_it_is_told(echo: Path) -> None:
    engine = app.build_engine(app.engine_settings(config.load(None, [f"model={echo}"])), 0)

    assert engine.feed(NoteOn(60, 90), 0) == []
    assert engine.snapshot()["held"] == 1
    engine.keep_warm()


@pytest.mark.parametrize(
    ("style", "said"),
    [("polka", "'polka'; all 2 are listed in the model's card"), ("jaz", "did you mean jazz")],
)
def test_a_style_that_the_model_does_not_know_is_refused_with_the_nearest_and_the_place_of_all(
    echo: Path, style: str, said: str
) -> None:
    settings = app.engine_settings(config.load(None, [f"model={echo}", f"jam.style={style}"]))

    with pytest.raises(ConfigError, match="fake knows no style") as error:
        app.build_engine(settings, 0)
    assert said in str(error.value)


def test_a_word_that_is_nearly_one_for_a_style_of_the_models_is_named() -> None:
    model = EchoModel()
    model.facts = replace(EchoModel.facts, styles=("any", "drums_afrocuban"))

    assert "did you mean salsa?" in str(unknown_style("sals", model))


def test_no_style_is_suggested_that_is_far_from_the_word() -> None:
    model = EchoModel()
    model.facts = replace(EchoModel.facts, styles=("any", "gospel"))

    assert "did you mean gospel?" in str(unknown_style("gosple", model))
    assert "did you mean" not in str(unknown_style("nope", model))


@pytest.mark.parametrize("name", ["mine.mid", "mine.MIDI", "mine.kar", "mine.rmi", "mine.smf"])
def test_a_midi_file_by_any_ending_is_no_name_of_a_player(name: str) -> None:
    assert not shipped.is_players_name(name)


def test_a_file_of_ones_own_is_remembered_from_the_start_without_the_models_track(
    tmp_path: Path,
) -> None:
    notes = ((0, NoteOn(60, 80)), (480, NoteOff(60)), (480, NoteOn(62, 80)), (960, NoteOff(62)))
    tracks = (smf.Track("Player", notes), smf.Track("Model", notes))
    smf.write(tmp_path / "mine.mid", smf.Score(480, tracks))
    given = [f"remember={tmp_path / 'mine.mid'}", "model=learner"]
    engine = app.build_engine(app.engine_settings(config.load(None, given)), 0)

    assert engine._listener.live.memory is not None and len(engine._listener.live.memory) == 2


def test_a_file_to_remember_that_is_gone_ends_the_first_start_and_no_later_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = [f"remember={tmp_path / 'gone.mid'}", "model=learner"]
    settings = app.engine_settings(config.load(None, given))

    with pytest.raises(MidiFileError):
        app.build_engine(settings, 0)
    engine = app.build_engine({**settings, "again": True}, 0)

    assert not engine._listener.live.memory
    assert [line.endswith("played on without that memory") for line in caplog.messages] == [True]


def test_a_replay_says_when_the_file_that_was_remembered_is_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.mid"
    notes = ((0, NoteOn(60, 80)), (480, NoteOff(60)))
    smf.write(file, smf.Score(480, (smf.Track("Player", notes),)))
    settings = app.engine_settings(config.load(None, [f"remember={file}", "model=learner"]))
    header = engine_process._header(settings, 0, "learner")

    replaying.engine_again(header, None)
    assert capsys.readouterr().err == ""
    smf.write(
        file,
        smf.Score(480, (smf.Track("Player", (*notes, (480, NoteOn(62, 80)), (960, NoteOff(62)))),)),
    )
    replaying.engine_again(header, None)

    assert f"{file} is not the file to remember of this session" in capsys.readouterr().err


# --- models -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two models."""
    for name in ("alpha", shipped.DEFAULT_MODEL):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(b"")
    monkeypatch.setattr(shipped, "root", lambda: tmp_path)
    return tmp_path / "models"


def test_a_model_is_found_by_name_by_folder_and_by_file(shelf: Path) -> None:
    alpha, default = (shelf / name / "model.onnx" for name in ("alpha", shipped.DEFAULT_MODEL))

    assert (
        shipped.model("alpha")
        == shipped.model(str(alpha))
        == shipped.model(str(alpha.parent))
        == alpha
    )
    assert shipped.model("default") == shipped.model(shipped.DEFAULT_MODEL) == default


def test_an_unknown_model_is_refused_with_the_names_there_are(shelf: Path) -> None:
    with pytest.raises(
        ModelError, match=rf"'beta' is neither a model \({shipped.DEFAULT_MODEL}, alpha\)"
    ):
        shipped.model("beta")


# --- generate ---------------------------------------------------------------------------------------------------


def test_generate_writes_what_both_play_on_two_tracks(echo: Path, tmp_path: Path) -> None:
    heard = smf.read(call(tmp_path / "call.mid"))

    assert (
        run("generate", tmp_path / "call.mid", "--out", tmp_path / "both.mid", "--model", echo) == 0
    )

    written = smf.read(tmp_path / "both.mid")
    assert [track.name for track in written.tracks] == ["Player", "Model"]
    assert written.tracks[0].messages == heard.tracks[0].messages
    assert (written.ppqn, written.tempos, written.metres) == (
        heard.ppqn,
        heard.tempos,
        heard.metres,
    )
    assert min(tick for tick, _ in written.tracks[1].messages) >= 4 * PPQN


@pytest.mark.parametrize("tempo_us", [400_000, 500_000, 750_000])
def test_the_answer_stands_on_the_beat_of_the_call_at_any_tempo(
    echo: Path, tmp_path: Path, tempo_us: int
) -> None:
    answered = answered_at(tmp_path, echo, tempo_us)

    # Echo plays eighths; a hundredth of a beat is what rounding to micros may cost.
    assert [min(tick % 240, -tick % 240) <= 5 for tick in answered] == [True] * len(answered)


def answered_at(folder: Path, model: Path, tempo_us: int, *options: str) -> list[int]:
    """Ticks of the model's onsets in answer to a call of four quarters."""
    given = call(folder / "call.mid", tempo_us), "--out", folder / "both.mid", "--model", model
    assert run("generate", *given, "--seed", "1", *options) == 0
    messages = smf.read(folder / "both.mid").tracks[1].messages
    return [tick for tick, message in messages if isinstance(message, NoteOn)]


ENDLESS = [name for name, mode in MODES.items() if mode.length is Length.ENDLESS]


@pytest.mark.parametrize("mode", ENDLESS)
def test_a_response_without_an_end_gets_so_many_bars_and_ends_on_the_bar_line(
    echo: Path, tmp_path: Path, mode: str
) -> None:
    onsets = answered_at(tmp_path, echo, 500_000, "--mode", mode, "--bars", "3")

    bar = 4 * PPQN
    assert onsets[0] // bar <= 1
    assert onsets[-1] < 4 * bar
    assert mode == "accompany" or 3 * bar <= onsets[-1]  # which goes no further than it likes


@pytest.mark.parametrize("mode", ENDLESS)
def test_a_response_without_an_end_is_as_long_as_the_call_unless_told(
    echo: Path, tmp_path: Path, mode: str
) -> None:
    assert answered_at(tmp_path, echo, 500_000, "--mode", mode)[-1] < 2 * 4 * PPQN


def test_a_mode_in_which_the_model_is_silent_generates_nothing_and_says_so(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ("--out", tmp_path / "both.mid", "--model", echo)

    assert run("generate", call(tmp_path / "call.mid"), *both, "--mode", "listen") == 2
    assert "--mode listen: in this mode the model never plays" in capsys.readouterr().err
    assert not (tmp_path / "both.mid").exists()


def test_every_note_generated_ends(echo: Path, tmp_path: Path) -> None:
    answered_at(tmp_path, echo, 500_000, "--mode", "continue")

    sounding = set()
    for _, message in smf.read(tmp_path / "both.mid").tracks[1].messages:
        if isinstance(message, NoteOn):
            assert message.pitch not in sounding
            sounding.add(message.pitch)
        elif isinstance(message, NoteOff):
            sounding.remove(message.pitch)
    assert sounding == set()


def test_the_same_seed_writes_the_same_file(echo: Path, tmp_path: Path) -> None:
    source = call(tmp_path / "call.mid")
    for name in ("a.mid", "b.mid"):
        run("generate", source, "--out", tmp_path / name, "--model", echo, "--seed", "9")

    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_several_calls_are_answered_into_a_folder(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [call(tmp_path / name) for name in ("one.mid", "two.midi")]

    assert run("generate", *calls, "--out", tmp_path / "out", "--model", echo) == 0

    written = [tmp_path / "out" / name for name in ("one.mid", "two.mid")]
    assert capsys.readouterr().out.splitlines() == [str(path) for path in written]
    assert [path.is_file() for path in written] == [True, True]


def test_of_several_calls_none_is_answered_if_one_cannot_be_read(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [call(tmp_path / "one.mid"), tmp_path / "two.mid"]
    calls[1].write_bytes(b"RIFF")

    assert run("generate", *calls, "--out", tmp_path / "out", "--model", echo) == 2
    assert "two.mid: not a MIDI file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_generate_never_writes_over_a_call(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = call(tmp_path / "call.mid")
    before = source.read_bytes()

    assert run("generate", source, "--out", source, "--model", echo) == 2
    assert run("generate", source, "--out", tmp_path, "--model", echo) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert source.read_bytes() == before


@pytest.mark.parametrize("link", ["hardlink_to", "symlink_to"])
@pytest.mark.parametrize("force", [(), ("--force",)])
def test_no_link_to_a_call_lets_it_be_written_over(
    echo: Path, tmp_path: Path, link: str, force: tuple[str, ...]
) -> None:
    source, out = call(tmp_path / "call.mid"), tmp_path / "both.mid"
    before = source.read_bytes()
    getattr(out, link)(source)

    assert run("generate", source, "--out", out, "--model", echo, *force) == 2
    assert source.read_bytes() == before == out.read_bytes()


@pytest.mark.parametrize("other", [b"mine", None])
def test_what_is_there_is_replaced_only_when_that_is_asked_for(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], other: bytes | None
) -> None:
    source, out = call(tmp_path / "call.mid"), tmp_path / "both.mid"
    if other is None:
        out.symlink_to(tmp_path / "nowhere")
    else:
        out.write_bytes(other)

    assert run("generate", source, "--out", out, "--model", echo) == 2
    assert capsys.readouterr().err == (
        f"livegen: --out {out} is there already; choose another name, or replace with --force\n"
    )
    assert out.is_symlink() if other is None else out.read_bytes() == other
    assert run("generate", source, "--out", out, "--model", echo, "--force") == 0
    assert len(smf.read(out).tracks) == 2 and not out.is_symlink()
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_with_one_answer_in_it_already_gets_none_of_the_others(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [call(tmp_path / name) for name in ("one.mid", "two.mid")]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "two.mid").write_bytes(b"mine")

    assert run("generate", *calls, "--out", tmp_path / "out", "--model", echo) == 2
    assert "two.mid is there already" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["two.mid"]


def test_what_comes_while_the_answer_is_made_is_not_lost(
    echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = call(tmp_path / "call.mid"), tmp_path / "both.mid"
    write = smf.write

    def slowly(path: Path, score: smf.Score) -> None:
        write(path, score)
        out.write_bytes(b"another's")

    monkeypatch.setattr(smf, "write", slowly)

    assert run("generate", source, "--out", out, "--model", echo) == 2
    assert out.read_bytes() == b"another's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["both.mid", "call.mid", "echo.onnx"]


@pytest.mark.parametrize("name", ["both.wav", "both.mid.zip", "both.mp3"])
def test_an_answer_is_not_called_like_what_it_is_not(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = tmp_path / name

    assert run("generate", call(tmp_path / "call.mid"), "--out", out, "--model", echo) == 2
    assert f"{out}: livegen writes MIDI; name it {out.with_suffix('.mid')}" in (
        capsys.readouterr().err
    )
    assert not out.exists()


def test_a_name_without_a_suffix_is_a_folder_also_for_one_call(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = call(tmp_path / "call.mid")

    assert run("generate", source, "--out", tmp_path / "answers", "--model", echo) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'answers' / 'call.mid'}\n"


def test_calls_of_one_name_are_not_written_over_each_other(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "more").mkdir()
    calls = [call(tmp_path / "call.mid"), call(tmp_path / "more" / "call.mid")]

    assert run("generate", *calls, "--out", tmp_path / "out", "--model", echo) == 2
    assert "both answers would be written to" in capsys.readouterr().err


def test_several_calls_are_not_answered_into_a_folder_with_the_name_of_a_file(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = [call(tmp_path / name) for name in ("one.mid", "two.mid")]
    out = tmp_path / "x.mid"

    assert run("generate", *calls, "--out", out, "--model", echo) == 2
    assert "2 calls need a folder" in capsys.readouterr().err
    assert not out.exists()
    out.mkdir()
    assert run("generate", *calls, "--out", out, "--model", echo) == 0


def test_a_call_given_twice_is_refused(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = call(tmp_path / "call.mid")

    assert run("generate", source, source, "--out", tmp_path / "out", "--model", echo) == 2
    assert "is named twice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_generate_names_model_and_seed_only_once_something_came_of_them(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = ("--out", tmp_path / "both.mid", "--model", echo, "--seed", "7")
    (tmp_path / "broken.mid").write_bytes(b"MThd")

    assert run("generate", tmp_path / "broken.mid", *both) == 2
    assert "seed" not in capsys.readouterr().err
    assert run("generate", call(tmp_path / "call.mid"), *both) == 0
    assert capsys.readouterr().err == f"livegen: {echo}, seed 7\n"


def test_a_call_that_is_no_midi_file_exits_2_with_its_name(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.mid"
    broken.write_bytes(b"MThd")

    assert run("generate", broken, "--out", tmp_path / "both.mid", "--model", echo) == 2
    assert str(broken) in capsys.readouterr().err


def test_a_call_without_a_note_exits_2_and_writes_nothing(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smf.write(tmp_path / "empty.mid", smf.Score(PPQN, ()))

    both = tmp_path / "both.mid"
    assert run("generate", tmp_path / "empty.mid", "--out", both, "--model", echo) == 2
    assert capsys.readouterr().err == f"livegen: {tmp_path / 'empty.mid'}: there is no note in it\n"
    assert not both.exists()


def test_a_call_that_was_repaired_is_answered_and_what_was_repaired_is_said_in_a_line(
    echo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = call(tmp_path / "call.mid").read_bytes()
    (tmp_path / "cut.mid").write_bytes(whole[:-1])
    both = tmp_path / "both.mid"

    assert run("generate", tmp_path / "cut.mid", "--out", both, "--model", echo, "--seed", "7") == 0
    assert capsys.readouterr().err.splitlines() == [
        f"livegen: {tmp_path / 'cut.mid'} was repaired: cut short, read as far as it goes",
        f"livegen: {echo}, seed 7",
    ]


def test_a_call_that_ends_with_a_note_of_no_length_is_answered_at_once(
    echo: Path, tmp_path: Path
) -> None:
    """Its end was sorted before its beginning once: the key was held for thirty seconds."""
    notes = smf.read(call(tmp_path / "call.mid")).tracks[0].messages
    at, both = 4 * PPQN, tmp_path / "both.mid"
    track = smf.Track("", (*notes, (at, NoteOn(72, 90)), (at, NoteOff(72))))
    smf.write(tmp_path / "drone.mid", smf.Score(PPQN, (track,), metres=((0, 4, 4),)))

    assert run("generate", tmp_path / "drone.mid", "--out", both, "--model", echo) == 0
    player, model = smf.read(both).tracks
    assert at < min(tick for tick, _ in model.messages) <= at + 4 * PPQN
    assert player.messages[-2:] == ((at, NoteOn(72, 90)), (at + PPQN // 24, NoteOff(72)))


def test_each_track_of_a_call_is_heard_as_its_name_says(tmp_path: Path) -> None:
    notes = ((0, NoteOn(60, 90)), (400, NoteOff(60)))
    tracks = [smf.Track(name, notes) for name in ("Melody", "Chords", "Bass")]

    assert answer.rules(smf.Score(PPQN, tuple(tracks))) == {0: "lead", 1: "comp", 2: "bass"}


def test_ticks_and_micros_are_each_other_s_inverse_across_tempo_changes() -> None:
    score = smf.Score(PPQN, (), ((0, 500_000), (960, 400_000), (1920, 1_000_000)))
    clock = score.tempo_map

    ticks = range(0, 4000, 7)
    assert [clock.tick(clock.micros(tick)) for tick in ticks] == list(ticks)


# --- replay -----------------------------------------------------------------------------------------------------


def test_replay_writes_a_session_over_nothing_unless_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal, out = tmp_path / "session.mid.jsonl", tmp_path / "session.mid"
    played = [rows.Received(1_000_000, b"\x90\x3c\x50"), rows.Received(1_500_000, b"\x80\x3c\x40")]
    journal.write_text("\n".join([rows.first_line("", 0), *map(rows.line, played)]) + "\n")
    out.write_bytes(b"mine")

    assert run("replay", journal, "--out", out) == 2
    assert f"--out {out} is there already" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    run("replay", journal, "--out", out, "--force")
    assert [track.name for track in smf.read(out).tracks] == ["Player"]
    assert run("replay", journal, "--out", journal, "--force") == 2
    assert "livegen writes MIDI" in capsys.readouterr().err


def test_replay_does_not_write_over_its_journal_by_a_link(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal, out = tmp_path / "session.jsonl", tmp_path / "session.mid"
    journal.write_text(rows.first_line("", 0) + "\n")
    out.hardlink_to(journal)

    assert run("replay", journal, "--out", out, "--force") == 2
    assert f"{journal} that is read, and it would be overwritten" in capsys.readouterr().err


# --- serve ------------------------------------------------------------------------------------------------------


def test_a_model_that_cannot_be_loaded_ends_serve_with_2_and_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    arguments = ["serve", "--api", "none", "--model", str(broken)]

    done = subprocess.run(
        [sys.executable, "-m", "livegen", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path)},
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert str(broken) in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "| true"])
def test_serving_goes_on_where_standard_streams_are_closed(closed: str, tmp_path: Path) -> None:
    file, record = tmp_path / "call.mid", tmp_path / "both.mid"
    call(file, tempo_us=250_000)
    quick = "--set jam.tempo=300 --set jam.length=1"
    serve = (
        f"{sys.executable} -m livegen serve --api none --no-page --player {file} --record {record}"
        f" {quick}"
    )
    status = tmp_path / "status"

    subprocess.run(
        ["sh", "-c", f"{{ {serve} --until-player-ends; echo $? > {status}; }} {closed}"],
        check=False,
        timeout=100,
    )

    assert status.read_text() == "0\n"
    assert [track.name for track in smf.read(record).tracks] == ["Player", "Model"]


def test_find_says_where_a_phrase_was_played_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "midi"
    folder.mkdir()
    (folder / "2026-06-03 211500.mid").write_bytes(Path("docs/call.mid").read_bytes())
    (folder / "broken.mid").write_bytes(b"no music")

    assert run("find", "docs/call.mid", str(folder)) == 0
    said = capsys.readouterr()
    assert (
        said.out.startswith("1.00 ") and "2026-06-03 21:15  2026-06-03 211500.mid at 0:" in said.out
    )
    assert said.err.count("\n") == 1 and "broken.mid" in said.err

    (folder / "2026-06-03 211500.mid").unlink()
    assert run("find", "docs/call.mid", str(folder)) == 1
    assert capsys.readouterr().out == "nothing similar in 1 file\n"


def test_find_without_a_folder_of_recordings_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    assert run("find", "docs/call.mid") == 2
    assert capsys.readouterr().err.endswith("is no folder; name a folder with MIDI files\n")

    assert run("find", "docs/call.mid", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert said.endswith("holds no MIDI file and no session; name a folder with MIDI files\n")
