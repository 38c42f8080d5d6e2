import json
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from livegen import config, guarded_yaml
from livegen.config import Config, load
from livegen.config.document import MAX_MISTAKES, places_of
from livegen.errors import ConfigError


@pytest.fixture(autouse=True)
def nobody_s_own_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "stage.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def mistakes(path: Path | None = None, *sets: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, sets)
    return str(caught.value).splitlines()


def test_nothing_said_is_the_configuration_as_shipped() -> None:
    assert load() == Config()


def test_the_manual_read_as_a_file_is_the_configuration_as_shipped() -> None:
    assert load(Path("config.yaml")) == Config()


def test_what_a_file_does_not_say_keeps_its_default(tmp_path: Path) -> None:
    loaded = load(written(tmp_path, "jam: {temperature: 0.8}\nchannels: {3: bass}\n"))

    assert loaded.controls == Config().controls | {"temperature": 0.8}
    assert loaded.channels == Config().channels | {3: "bass"}
    assert loaded.ports == Config().ports


def test_set_wins_over_the_file_and_the_last_set_over_the_first(tmp_path: Path) -> None:
    path = written(tmp_path, "seed: 1\n")

    assert load(path, ["seed=2", "seed=3"]).seed == 3


def test_an_option_wins_over_set() -> None:
    assert load(None, ["seed=2"], [(("seed",), 4, "--seed 4")]).seed == 4


def test_a_wish_in_words_sets_its_controls_and_what_is_said_plainly_beside_it_wins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(
        tmp_path,
        "jam: {tempo: 200, style: slow dance}\npresets: {calm: {style: 慢速, density: 2}}\n",
    )

    loaded = load(
        path,
        [],
        [
            (("jam", "style"), "slow waltz", "--style slow waltz"),
            (("jam", "metre"), "6/8", "--metre"),
        ],
    )

    assert {name: loaded.controls[name] for name in ("tempo", "metre", "style")} == {
        "tempo": 66.0,
        "metre": "6/8",
        "style": "folk_waltz",
    }
    assert loaded.all_presets == {"calm": {"tempo": 66.0, "style": "any", "density": 2}}
    assert "--style slow waltz: sets tempo 66, style folk_waltz" in caplog.messages


def test_a_wish_that_sets_nothing_is_left_to_the_model_to_refuse() -> None:
    assert load(None, ["jam.style=qwertz uiop"]).controls["style"] == "qwertz uiop"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("jazz", {"style": "leadsheet_jazz"}),
        ("salsa", {"style": "drums_afrocuban"}),
        ("bossa", {"style": "leadsheet_latin"}),
        ("blues", {"style": "leadsheet_blues"}),
        ("ballad", {"style": "pop", "tempo": 66.0}),
        ("folk_jig", {"style": "folk_jig", "metre": "auto"}),  # a name, which wishes for nothing
        ("jaz", {"style": "jaz"}),  # for the model to refuse
    ],
)
def test_a_single_word_is_the_style_of_that_name_or_else_a_wish_wherever_it_is_said(
    tmp_path: Path, word: str, meant: dict[str, object]
) -> None:
    path = written(tmp_path, f"jam: {{style: {word}}}\n")

    for loaded in (load(path), load(None, [], [(("jam", "style"), word, f"--style {word}")])):
        assert {name: loaded.controls[name] for name in meant} == meant


def test_a_style_of_ones_own_model_goes_before_the_wish_that_its_name_would_be(
    tmp_path: Path,
) -> None:
    facts = json.loads(Path("models/learner/model.json").read_text())
    model = tmp_path / "model.json"
    model.write_text(json.dumps(facts | {"styles": ["any", "jazz"]}))

    assert load(None, [f"model={model}", "jam.style=jazz"]).controls["style"] == "jazz"
    assert load(None, [f"model={model}", "jam.style=polka"]).controls["style"] == "polka"


def test_a_person_s_own_file_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "livegen").mkdir()
    (tmp_path / "livegen" / "config.yaml").write_text("seed: 5\n")

    assert load().seed == 5
    assert (
        load(written(tmp_path, "model: default\n")).seed is None
    )  # a file named is the only one read


def test_every_mistake_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "ports:\n  inn: x\nseed: -1\njam:\n  temperature: 9\n  rest: soon\nchannels: {17: lead, 3: flute}\n",
    )

    said = mistakes(path, "daemon.horizon_ms=1")

    assert [line.partition(": ")[0].removeprefix(f"{tmp_path}/") for line in said] == [
        "stage.yaml:2",
        "stage.yaml:3",
        "stage.yaml:7",
        "stage.yaml:7",
        "stage.yaml:5",
        "stage.yaml:6",
        "--set daemon.horizon_ms=1",
    ]
    assert "ports.inn: there is no such setting" in said[0]
    assert "seed: expected at least 0, got -1" in said[1]
    assert "jam.temperature: expected a number from 0.1 to 2, got 9" in said[4]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed: [1\n", "stage.yaml:2: "),
        (
            "a: &x 1\n",
            "stage.yaml:1: anchors and aliases (& and *) are not allowed; write the value out",
        ),
        (
            "\na: *x\n",
            "stage.yaml:2: anchors and aliases (& and *) are not allowed; write the value out",
        ),
        ("seed: 1\nseed: 2\n", "stage.yaml:2: seed is set a second time"),
        ("- 1\n", "stage.yaml: expected settings such as `seed: 1`, found [1]"),
        ("jam: loud\n", "stage.yaml:1: jam: expected settings below it, got 'loud'"),
        ("seed: 2026-13-40\n", "stage.yaml: holds a value that cannot be read"),
        (
            "seed: !!python/object/apply:os.system [ls]\n",
            "stage.yaml:1: has a tag (!), which is not allowed; write the value out",
        ),
        ("jam:\n\trest: 5\n", "stage.yaml:2: is indented with a tab; indent with spaces"),
        ("jam:\n  tempo:96\n  rest: 5\n", "stage.yaml:3: has a colon where none can be; "),
        ("jam:\n  tempo: 96\n rest: 5\n", "stage.yaml:3: begins in another column"),
        ("seed: 1\njam\nmodel: x\n", "stage.yaml:3: has no colon with a space behind it"),
        ("setlist: [Quiet\n", "stage.yaml:2: ends before a bracket"),
        ('recording: {folder: "C:\\music"}\n', "stage.yaml:1: has a backslash in double quotes"),
        ("model: @mine\n", "stage.yaml:1: has text that begins with a sign"),
        ("model: ]\n", "stage.yaml:1: is not YAML (expected the node content, but found ']')"),
        (b"\xff\xfe\x00", "stage.yaml: is not YAML"),
        ("# " + "x" * 256 * 1024, "stage.yaml: more than 256 KB; expected settings"),
        ("a: " + "[" * 200_000, "stage.yaml:1: nested deeper than 20 levels"),
        (
            "a: [" + "1, " * 10_000,
            "stage.yaml:1: more than 10,000 names and values; expected settings",
        ),
        (
            "a: 1" + ":59" * 1000,
            "stage.yaml:1: more than 2,000 characters without quotes; put the text into quotes",
        ),
    ],
)
def test_a_file_that_cannot_be_settings_is_refused_in_a_line(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    assert mistakes(written(tmp_path, text))[0].startswith(f"{tmp_path}/{said}")


def test_a_section_whose_lines_are_all_comments_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, "jam:\n#  rest: 400\nmap:\nports: {in: Keys}\n")

    assert config.load(path) == config.load(sets=["ports.in=Keys"])


def test_what_a_value_may_be_is_said_in_plain_words() -> None:
    def said(text: str) -> str:
        return mistakes(None, text)[0].partition(": ")[2]

    assert said("seed=1.5") == "seed: expected a whole number, got 1.5"
    assert said("seed=yes") == "seed: expected a whole number, got true"
    assert said("model=3") == "model: expected text, got 3"
    assert said("model=''") == "model: expected text, got ''"
    assert said("recording.keep=maybe") == "recording.keep: expected true or false, got 'maybe'"
    assert said("setlist=Quiet") == "setlist: expected a list, such as [a, b], got 'Quiet'"
    assert said("output.bass=17") == "output.bass.channel: expected at most 16, got 17"


def test_every_mistake_of_a_map_is_reported_with_its_line(tmp_path: Path) -> None:
    path = written(
        tmp_path, "map:\n  cc 200: density\n  knob 3: energy\n  cc 1: volume\n  cc 2: swing\n"
    )

    said = mistakes(path)

    assert [line.partition(f"{path}:")[2].partition(": expected")[0] for line in said] == [
        "2: map.cc 200",
        "3: map.knob 3",
        "4: map.cc 1",
    ]


def test_every_preset_that_a_set_list_lacks_is_named() -> None:
    [said] = mistakes(None, "presets.Quiet.energy=0.2", "setlist=[Quiet, Lout, Slo]")

    assert said.endswith("there is no preset 'Lout' and no 'Slo'; there are: Quiet")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "no.yaml") == [
        f"{tmp_path}/no.yaml: cannot be read (No such file or directory)"
    ]


def test_a_key_at_the_wrong_place_is_told_its_place() -> None:
    assert mistakes(None, "rest=400") == [
        "--set rest=400: rest: there is no such setting; did you mean jam.rest?"
    ]


@pytest.mark.parametrize("text", ["jam.ritard=!\n\n\n", "jam.ritard=" + "x" * 5000, "\n=1"])
def test_whatever_is_set_it_is_refused_in_a_line(text: str) -> None:
    (said,) = mistakes(None, text)
    assert len(said) < 500


def test_a_set_without_a_value_is_told_the_form() -> None:
    assert mistakes(None, "seed") == [
        "--set seed: expected KEY=VALUE, for example --set jam.temperature=0.9"
    ]


def test_the_bare_word_off_is_the_word_although_yaml_reads_false() -> None:
    assert load(None, ["jam.scale=off"]).controls["scale"] == "off"
    assert load(None, ["channels.4=off"]).channels[4] == "off"


def test_many_mistakes_are_counted_and_not_all_printed(tmp_path: Path) -> None:
    said = mistakes(written(tmp_path, "".join(f"key{n}: 1\n" for n in range(500))))

    assert len(said) == MAX_MISTAKES + 1
    assert said[-1] == "and 480 more"


# --- beside the person's own file ---------------------------------------------------------------------------------


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The person's folder, with room for presets."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "livegen" / "presets").mkdir(parents=True)
    return tmp_path / "livegen"


def test_a_file_called_yml_is_read_where_there_is_no_yaml(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own / "config.yml").write_text("seed: 5\n")
    (own / "presets" / "Loud.yml").write_text("energy: 0.9\n")

    assert (load().seed, load().all_presets) == (5, {"Loud": {"energy": 0.9}})
    assert config.own_file() == own / "config.yml"
    assert caplog.records == []


def test_of_yaml_and_yml_the_one_that_is_not_read_is_named(
    own: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own / "config.yaml").write_text("seed: 6\n")
    (own / "config.yml").write_text("seed: 5\n")

    assert load().seed == load(again=True).seed == 6
    assert [record.getMessage() for record in caplog.records] == [
        f"{own}/config.yml is ignored: {own}/config.yaml is used"
    ]


def test_one_preset_in_two_files_is_told_both(own: Path) -> None:
    for suffix in ("yaml", "yml"):
        (own / "presets" / f"Loud.{suffix}").write_text("energy: 0.9\n")

    assert mistakes() == [
        f"{own}/presets/Loud.yml: there is a preset Loud already, at {own}/presets/Loud.yaml; rename one"
    ]


def test_presets_are_files_too_and_the_set_list_may_name_them(own: Path) -> None:
    (own / "config.yaml").write_text(
        "presets: {Quiet: {energy: 0.2}}\nsetlist: [Deep blue, Quiet]\n"
    )
    (own / "presets" / "Deep blue.yaml").write_text("register: -12\nscale: off\n")
    (own / "presets" / ".draft.yaml").write_text("energy: {}\n")
    loaded = load()

    assert loaded.all_presets == {
        "Quiet": {"energy": 0.2},
        "Deep blue": {"register": "-12", "scale": "off"},
    }
    assert loaded.bindings == {"program 0": "preset Deep blue", "program 1": "preset Quiet"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nenergy: 2\n", "Loud.yaml:2: presets.Loud.energy: expected a number from 0 to 1, got 2"),
        ("volume: 1\n", "Loud.yaml:1: presets.Loud.volume: there is no such setting"),
        ("energy: [\n", "Loud.yaml:2: "),
        ("- 1\n", "Loud.yaml: expected settings such as `seed: 1`, found [1]"),
    ],
)
def test_a_mistake_in_the_file_of_a_preset_is_told_its_line(
    own: Path, text: str, said: str
) -> None:
    (own / "presets" / "Loud.yaml").write_text(text)

    assert mistakes()[0].startswith(f"{own}/presets/{said}")


def test_a_mistake_in_a_preset_is_one_mistake_also_with_a_set_list(own: Path) -> None:
    (own / "config.yaml").write_text("setlist: [Loud]\n")
    (own / "presets" / "Loud.yaml").write_text("energy: 2\n")

    assert len(mistakes()) == 1


def test_a_preset_said_twice_is_told_both_places(own: Path) -> None:
    (own / "config.yaml").write_text("presets:\n  Loud: {energy: 1}\n")
    (own / "presets" / "Loud.yaml").write_text("energy: 0.9\n")

    assert mistakes() == [
        f"{own}/presets/Loud.yaml: there is a preset Loud already, at {own}/config.yaml:2; rename one"
    ]


def test_presets_that_are_no_presets_are_a_mistake_also_beside_files(own: Path) -> None:
    (own / "config.yaml").write_text("presets: loud\n")
    (own / "presets" / "Loud.yaml").write_text("energy: 0.9\n")

    assert mistakes() == [f"{own}/config.yaml:1: presets: expected settings below it, got 'loud'"]


def test_what_was_learned_is_bound_and_what_the_person_says_wins(own: Path) -> None:
    (own / "config.yaml").write_text("map: {CC 74: energy}\n")
    (own / "map.yaml").write_text("cc 74: density\ncc 20 on 1: swing\n")

    assert load().map == {"CC 74": "energy", "cc 20 on 1": "swing"}
    assert load(None, ["map.cc 20 on 1=tap"]).map["cc 20 on 1"] == "tap"


@pytest.mark.parametrize(
    ("text", "map_", "said"),
    [
        (
            "cc 200: swing\ncc 1: energy\n",
            {"cc 1": "energy"},
            ["map.yaml:1: map: expected cc, note"],
        ),
        (
            "cc 1: energy\ncc 2: volume\n",
            {"cc 1": "energy"},
            ["map.yaml:2: map: expected a control"],
        ),
        ("cc 1: [1]\n", {}, ["map.yaml:1: map: expected a control"]),
        ("cc 1: energy\ncc 1: swing\n", {}, ["map.yaml:2: cc 1 is set a second time"]),
        ("\x00\n", {}, ["map.yaml: is not YAML text"]),
        ("[\n", {}, ["map.yaml:2: "]),
        ("", {}, []),
    ],
)
def test_a_wrong_line_of_what_was_learned_is_named_once_and_left_out(
    own: Path,
    caplog: pytest.LogCaptureFixture,
    text: str,
    map_: dict[str, str],
    said: list[str],
) -> None:
    (own / "map.yaml").write_text(text)
    assert load().map == map_ == config.learned()

    assert load(again=True).map == map_
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(said)
    assert all(line.startswith(f"{own}/{start}") for line, start in zip(lines, said, strict=True))


@given(st.text() | st.binary())
@example("{" * 1000)
@example("? " * 1000)
@example('"\\UFFFFFFFF"')
@example("1: 1\n1: 2\n")
@example("[1]: 2")
@example("<<: {seed: 1}")
@example("=: 1")
def test_any_text_is_a_configuration_or_a_config_error(text: str | bytes) -> None:
    try:
        node = guarded_yaml.parse(text, "fuzz")
        if node is not None:
            guarded_yaml.built(node, "fuzz")
            places_of(node, "fuzz")
    except ConfigError as refused:
        assert str(refused).startswith("fuzz")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(
                [*(n.split(".")[-1] for n, _ in config.every_setting()), "jam", "ports"]
            )
            | st.integers(0, 20),
            inner,
        ),
    )
)
def test_any_values_are_a_configuration_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.yaml"
    path.write_text(yaml.safe_dump(value))
    try:
        load(path)
    except ConfigError as refused:
        assert str(refused).startswith(str(path))


def test_one_word_makes_all_channels_one_mpe_keyboard(tmp_path: Path) -> None:
    told = {1: "keys"} | dict.fromkeys(range(2, 17), "mpe")
    assert load(None, ["channels=mpe"]).channels == told
    assert load(written(tmp_path, "channels: mpe\n")).channels == told
    assert load(written(tmp_path, "channels: {10: mpe}\n")).channels[10] == "mpe"


def test_the_first_channel_is_no_member_of_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="channel 1 cannot be mpe"):
        load(written(tmp_path, "channels: {1: mpe}\n"))


def test_a_macro_is_checked_where_it_is_written(tmp_path: Path) -> None:
    path = written(tmp_path, "macros:\n  Lift: {energy: [0.3, 0.9], bars: 8}\n  Bad: {energy: 7}\n")

    assert mistakes(path) == [
        f"{path}:3: macros.Bad: energy: expected a number from 0 to 1, got 7",
    ]


def test_a_macro_that_is_bound_and_not_there_is_a_mistake(tmp_path: Path) -> None:
    path = written(tmp_path, "map: {note 40: macro Loft}\nmacros: {Lift: {energy: 1}}\n")

    assert mistakes(path) == [
        f"{path}:2: macros: map binds the macro 'Loft', which does not exist; there are: Lift",
    ]


def test_a_preset_may_hold_macros(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "map: {note 40: macro Lift}\npresets:\n"
        "  Loud: {energy: 1, macros: {Lift: {energy: 0.1}}}\n  Soft: {energy: 0}\n",
    )
    loud = {"energy": 1.0, "macros": {"Lift": {"energy": 0.1}}}

    assert load(path).all_presets == {"Loud": loud, "Soft": {"energy": 0.0}}
    path.write_text("presets:\n  Loud: {macros: {Lift: {energy: 2}}}\n")
    assert mistakes(path) == [
        f"{path}:2: presets.Loud.macros.Lift: energy: expected a number from 0 to 1, got 2"
    ]
