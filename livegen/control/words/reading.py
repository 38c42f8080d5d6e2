"""Reads what a text asks of the controls.

Words are taken in order: what modifies (not, only, more, a bit) waits for the next word that means something, and a
clause ends at a comma.  What a word implies (a waltz has three beats) holds where nothing else is said.  Knows the
table of controls; knows no engine and no files.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from livegen.control.words import keys
from livegen.control.words.chords import chart_in
from livegen.control.words.vocabulary import Meaning, Vocabulary, Word, shipped, words_of
from livegen.errors import ConfigError
from livegen.jam.controls import CONTROLS, LONGEST_WISH, Value, checked
from livegen.jam.turns import MODES, Length
from livegen.music.parts import PARTS
from livegen.music.scale import KINDS

LONGEST_SHOWN, MOST_SHOWN = 40, 8  # of words that were not understood
ANY = "any"
_HOME = {  # where nobody named a tonic: the one whose scale has no sharps or flats
    "dorian": "D", "phrygian": "E", "lydian": "F", "mixolydian": "G", "locrian": "B", "major": "C",
    "pentatonic": "C", "major pentatonic": "C", "whole tone": "C",
}  # fmt: skip
_OF_A_PART = {"energy": "level", "level": "level", "density": "density", "register": "octave"}
_LITTLE, _MUCH = 0.6, 2.0  # steps


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading: values of controls, each checked, and the words that say nothing, as written."""

    sets: Mapping[str, Value]
    unknown: tuple[str, ...] = ()

    def without(self, names: Collection[str]) -> "Reading":
        """The same, but for some controls."""
        kept = {name: value for name, value in self.sets.items() if name not in names}
        return Reading(kept, self.unknown)

    def line(self) -> str:
        """A line for the person who said it."""
        values = [
            name if name == "chart" else f"{name} {_shown(value)}"
            for name, value in self.sets.items()
        ]
        unknown = ", ".join(word[:LONGEST_SHOWN] for word in self.unknown[:MOST_SHOWN])
        said = f"sets {', '.join(values) or 'nothing'}"
        return said + (f"; not understood: {unknown}" if unknown else "")


def is_name(text: str, styles: Collection[str] = ()) -> bool:
    """True if a value of the control `style` is a style's name: one of `styles`, of the table's, or joined by lines."""
    word = text.strip()
    is_joined = "_" in word and word.replace("_", "").isalnum()
    return is_joined or word == ANY or word in styles or word in shipped().styles


def read(
    text: str,
    present: Mapping[str, Any] | None = None,
    styles: Collection[str] = (),
    charts: Collection[str] = (),
) -> Reading:
    """Read a text.  Raises ConfigError if it is too long.

    `present` are values of controls, from which "faster" goes on, and what is heard: `tempo_bpm`, `key`.  `styles` are
    those that the model has (none: all are taken to be there), `charts` the names of charts that there are.
    """
    if len(text) > LONGEST_WISH:
        raise ConfigError(f"style: expected at most {LONGEST_WISH} characters, got {len(text)}")
    chart, rest = chart_in(text)
    reader = _Reader(words_of(rest), shipped(), dict(present or {}), styles, charts)
    if chart:
        reader.said["chart"] = chart
    return reader.read()


class _Step(NamedTuple):
    """A wish on an axis: the row, how far to turn (0: to where the row says), and how far beyond that."""

    row: Mapping[str, Any]
    turn: float = 0.0
    beyond: float = 0.0
    is_not: bool = False


@dataclass(slots=True)
class _Modifiers:
    """Words that wait for the next word that means something."""

    is_not: bool = False
    is_too: bool = False
    is_with: bool = False
    amount: float = 0.0  # of a step, where "a bit" or "much" was said
    turn: int = 0  # more, less


@dataclass(slots=True)
class _Reader:
    words: Sequence[Word]
    known: Vocabulary
    present: dict[str, Any]
    styles: Collection[str]
    charts: Collection[str]
    said: dict[str, Value] = field(default_factory=dict)
    implied: dict[str, Value] = field(default_factory=dict)
    chosen: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)  # styles, by rank
    tonic: str = ""
    kind: str = ""
    implied_kinds: dict[str, str] = field(default_factory=dict)  # by who implies it
    bars: int = 0
    unknown: list[str] = field(default_factory=list)
    at: int = 0
    waiting: _Modifiers = field(default_factory=_Modifiers)
    # of the clause:
    steps: list[_Step] = field(default_factory=list)
    parts: list[tuple[str, Mapping[str, Any], bool, bool]] = field(
        default_factory=list
    )  # word, row, not, with
    is_only: bool = False
    last: tuple[str, bool] = (
        "",
        False,
    )  # the kind of what was said last, and whether it was denied
    noun: Mapping[str, Any] | None = None
    unread: list[Word] = field(default_factory=list)  # words in a row that were not understood

    def read(self) -> Reading:
        while self.at < len(self.words):
            self._word()
        self._end_clause()
        self._choose_style()
        self._choose_scale()
        if self.bars:
            mode = MODES.get(str(self.said.get("mode")))
            trades = mode is not None and mode.length is Length.TRADE
            self.said["trade" if trades else "length"] = self.bars
        return Reading(self._checked(), tuple(self.unknown))

    # --- one word after the other -----------------------------------------------------------------------------

    def _word(self) -> None:
        word = self.words[self.at]
        if word.is_break:
            self.at += 1
            return self._end_clause()
        length, meanings = self.known.at(self.words, self.at)
        key = keys.named(self.words, self.at, self.known)
        if key is not None and key.length >= length:
            self.at += key.length
            self.tonic, self.kind = key.tonic, key.kind or self.kind
            return self._meant("kinds")
        if self._number(length, meanings) or self._chart():
            return None
        if not meanings:
            return self._compound_or_unknown(word)
        self.unread = []
        self.at += length
        written = _joined(self.words[self.at - length : self.at])
        return self._take(written, self._of_several(meanings))

    def _of_several(self, meanings: Sequence[Meaning]) -> Meaning:
        """Choose one of several meanings: langsamer is slower, and before a waltz it is slow."""
        ranked = sorted(meanings, key=lambda meaning: meaning.kind in ("fillers", "into_key"))
        kinds = [meaning.kind for meaning in ranked]
        if "comparatives" in kinds and "degrees" in kinds:
            _, after = self.known.at(self.words, self.at)
            is_adjective = any(meaning.kind in ("styles", "kinds") for meaning in after)
            return ranked[kinds.index("degrees" if is_adjective else "comparatives")]
        return ranked[0]

    def _compound_or_unknown(self, word: Word) -> None:
        self.at += 1
        if halves := self.known.halves(word.plain):
            whole = self.known.meanings.get(halves)
            for phrase in [halves] if whole else [(half,) for half in halves]:
                self._take(word.written, self._of_several(self.known.meanings[phrase]))
            return
        if self.unread:
            self.unknown.pop()
        self.unread.append(word)
        self.unknown.append(_joined(self.unread))

    def _take(self, written: str, meaning: Meaning) -> None:
        waiting = self.waiting
        match meaning.kind:
            case "not":
                waiting.is_not = True
            case "too":
                waiting.is_too = True
            case "with":
                waiting.is_with = True
            case "bit":
                waiting.amount = _LITTLE
            case "much":
                waiting.amount = _MUCH
            case "more" | "less":
                self._more(1 if meaning.kind == "more" else -1)
            case "bit_after":
                self._a_bit()
            case "only":
                self.is_only = True
            case "or":
                waiting.is_not = waiting.is_not or self.last[1]
            case "and":
                self._and()
            case "not_after":
                if self.parts:
                    self.parts[-1] = (*self.parts[-1][:2], True, False)
            case "degrees" | "comparatives":
                self._degree(meaning.row, meaning.kind == "comparatives")
            case "turns":
                self._turn(meaning.row)
            case "wishes":
                self._wish(written, meaning.row)
            case "styles":
                self._style(written, meaning.row)
            case "parts":
                is_with = waiting.is_with or bool(meaning.row.get("with"))
                self.parts.append((written, meaning.row, waiting.is_not, is_with))
                self._meant("parts")
            case "moods":
                if not waiting.is_not:
                    self.implied_kinds.setdefault("mood", meaning.row["kind"])
                self._meant("moods")
            case "kinds":
                both = f"{self.kind} {meaning.row['kind']}"  # minor, pentatonic
                self.kind = both if both in KINDS else meaning.row["kind"]
                self._meant("kinds")
            case _:
                pass

    def _meant(self, kind: str) -> None:
        """Something was said: what modifies is used up."""
        self.last = kind, self.waiting.is_not
        self.waiting = _Modifiers()

    def _and(self) -> None:
        """Before a part, no drums and bass denies both; behind a part and a degree, another sentence begins."""
        _, after = self.known.at(self.words, self.at)
        is_part = any(meaning.kind == "parts" for meaning in after)
        if self.last == ("parts", True) and is_part:
            self.waiting.is_not = True
        elif self.steps and len(self.parts) == 1:
            self._end_clause()

    # --- more and less ----------------------------------------------------------------------------------------

    def _more(self, turn: int) -> None:
        """More or less of what follows; behind a noun, as in Chinese, of that."""
        if self.noun is not None:
            self.steps.append(_Step(self.noun, turn))
            self.noun = None
        else:
            self.waiting.turn = turn

    def _a_bit(self) -> None:
        """Behind an adjective: not to where it says, but a step that way."""
        if self.steps and not self.steps[-1].is_not:
            step = self.steps.pop()
            turn = step.turn or _way(step.row)
            self.steps.append(
                step._replace(turn=turn * _LITTLE if abs(turn) == 1 else turn, beyond=0)
            )

    def _degree(self, row: Mapping[str, Any], is_comparative: bool) -> None:
        waiting, way = self.waiting, _way(row)
        noun, self.noun = self.noun, None
        is_plain = not (waiting.is_not or waiting.is_too)
        if noun is not None and row["axis"] == "energy" and is_plain:  # the swing, stronger
            self.steps = [step for step in self.steps if step.row is not noun]
            self.steps.append(_Step(noun, way))
        elif waiting.is_not:
            self.steps.append(_Step(row, -way, is_not=True))
        elif waiting.is_too:
            self.steps.append(_Step(row, -way))
        elif is_comparative or waiting.turn or waiting.amount == _LITTLE:
            self.steps.append(_Step(row, way * (waiting.turn or 1) * (waiting.amount or 1)))
        elif "at" in row:
            self.steps.append(_Step(row, beyond=float(waiting.amount == _MUCH)))
        if "at" not in row or row["axis"] in ("swing", "groove"):
            self.noun = row
        self._meant("degrees")

    def _turn(self, row: Mapping[str, Any]) -> None:
        axis, by, now = row["axis"], row["by"], self._now(row["axis"])
        value = {"*": now * by, "+": now + by, "-": now - by}[row["sign"]]
        control = CONTROLS[axis]
        self.said[axis] = min(control.high, max(control.low, value))
        self._meant("turns")

    def _do(self, step: _Step) -> None:
        row, axis = step.row, str(step.row["axis"])
        about = self.known.axes[axis]
        if step.is_not and "not" in row:
            self.said[axis] = row["not"]
        elif step.is_not and "not" in about:
            self.said[axis] = about["not"][row["way"]]
        elif step.turn:
            self.said[axis] = _turned(
                about, CONTROLS[axis].low, CONTROLS[axis].high, self._now(axis), step.turn
            )
        else:
            low, high = CONTROLS[axis].low, CONTROLS[axis].high
            beyond = step.beyond * _way(row)
            self.said[axis] = _turned(about, low, high, row["at"], beyond) if beyond else row["at"]

    def _now(self, axis: str) -> float:
        """Where an axis stands by what was said so far, is set, or is heard."""
        heard = {"tempo": self.present.get("tempo_bpm")}.get(axis)
        found = (self.said.get(axis), self.implied.get(axis), self.present.get(axis), heard)
        default = self.known.axes[axis].get("from", CONTROLS[axis].default)
        return next((number for value in found if (number := _number(value)) is not None), default)

    # --- what else can be meant -------------------------------------------------------------------------------

    def _wish(self, written: str, row: Mapping[str, Any]) -> None:
        if self.waiting.is_not:
            switches = {name: "off" for name, value in row["set"].items() if value == "on"}
            self.said.update(switches)
            if not switches:
                self.unknown.append(f"not {written}")
        else:
            self.said.update(row["set"])
        self._meant("wishes")

    def _style(self, written: str, row: Mapping[str, Any]) -> None:
        waiting = self.waiting
        if "swing" in row["set"] and (waiting.is_not or waiting.turn):  # a feel, and no style
            by = self._now("swing") + 5 * waiting.turn
            self.said["swing"] = 50 if waiting.is_not else min(75, max(50, by))
        elif waiting.is_not:
            self.unknown.append(f"not {written}")
        else:
            self.chosen.append((row["rank"], tuple(row["style"])))
            self.implied |= {
                name: value for name, value in row["set"].items() if name not in self.implied
            }
            if "kind" in row:
                self.implied_kinds.setdefault("style", row["kind"])
        self._meant("styles")

    def _number(self, length: int, meanings: Sequence[Meaning]) -> bool:
        """Take a number with its unit: a metre, a tempo, or so many bars."""
        word = self.words[self.at]
        numbers = [meaning.row["number"] for meaning in meanings if meaning.kind == "numbers"]
        if not (numbers or word.plain[0].isdecimal()) or (length > 1 and not numbers):
            return False
        number = numbers[0] if numbers else float(word.plain)
        end = self.at + max(1, length)
        if (
            end + 1 < len(self.words)
            and self.words[end].plain == "/"
            and self.words[end + 1].plain.isdecimal()
        ):
            self.said["metre"] = f"{number:g}/{self.words[end + 1].plain}"
            end += 2 + self._unit("tempo", end + 2)  # 3/4拍
        elif (more := self._unit("voices", end)) and 1 <= number <= 8:
            self.said["voices"] = int(number)
            end += more
        elif more := self._unit("bars", end):
            self.bars = int(number)
            end += more
        elif 30 <= number <= 300 and ((more := self._unit("tempo", end)) or self._is_tempo(end)):
            self.said["tempo"] = number
            end += more
        else:
            return False
        self.at = end
        self._meant("numbers")
        return True

    def _is_tempo(self, end: int) -> bool:
        """True of a number that stands behind a word such as tempo, or alone in its clause."""
        before = tuple(word.plain for word in self.words[max(0, self.at - 3) : self.at])
        is_said = any(before[-length:] in self.known.units["before_tempo"] for length in (1, 2, 3))
        begins = self.at == 0 or self.words[self.at - 1].is_break
        ends = end == len(self.words) or self.words[end].is_break
        return is_said or (begins and ends)

    def _unit(self, unit: str, at: int) -> int:
        """How many words from one on are a unit; 0 where they are none."""
        plain = [word.plain for word in self.words[at : at + 3]]
        return next(
            (
                n
                for n in (3, 2, 1)
                if tuple(plain[:n]) in self.known.units[unit] and len(plain) >= n
            ),
            0,
        )

    def _chart(self) -> bool:
        """Take the name of a chart, behind or before a word such as changes."""
        for name in sorted(self.charts, key=len, reverse=True):
            plain = [word.plain for word in words_of(name)]
            end = self.at + len(plain)
            if plain and [word.plain for word in self.words[self.at : end]] == plain:
                around = [
                    word.plain
                    for word in (
                        *self.words[max(0, self.at - 2) : self.at],
                        *self.words[end : end + 1],
                    )
                ]
                if any((word,) in self.known.units["chart"] for word in around):
                    self.said["chart"], self.at = name, end
                    return True
        if (self.words[self.at].plain,) in self.known.units["chart"]:
            self.at += 1
            return True
        return False

    # --- a clause and the whole -------------------------------------------------------------------------------

    def _end_clause(self) -> None:
        if self.waiting.is_not and self.steps:  # ma non troppo
            last = self.steps[-1]
            self.steps.append(_Step(last.row, -_way(last.row)))
        plain = [
            row["parts"] for _, row, *how in self.parts if not any(how) and not row.get("only")
        ]
        whose = plain[0][0] if len(self.parts) == len(plain) == 1 and not self.is_only else ""
        for step in self.steps:
            self._do_of_part(step, whose) if whose and step.row["axis"] in _OF_A_PART else self._do(
                step
            )
        self._choose_parts()
        self.steps, self.parts, self.unread, self.is_only, self.noun = [], [], [], False, None
        self.waiting, self.last = _Modifiers(), ("", False)

    def _do_of_part(self, step: _Step, part: str) -> None:
        """Louder drums, a busier bass: one step of that part's own."""
        of_part = _OF_A_PART[step.row["axis"]]
        name, turn = f"{part}_{of_part}", step.turn or _way(step.row)
        control = CONTROLS.get(name)
        if control is None:
            return self.unknown.append(name)
        now = _number(self.said.get(name, self.present.get(name, control.default)))
        about = {"step": 1, "round": 0} if of_part == "octave" else self.known.axes[of_part]
        direction = (turn > 0) - (turn < 0)
        turn = direction if of_part == "octave" else turn
        self.said[name] = _turned(about, control.low, control.high, now or 0, turn)
        return None

    def _choose_parts(self) -> None:
        named = [part for _, row, is_not, _ in self.parts if not is_not for part in row["parts"]]
        added = [
            part
            for _, row, is_not, is_with in self.parts
            if is_with and not is_not
            for part in row["parts"]
        ]
        for written, row, is_not, is_with in self.parts:
            if is_not and not row.get("only"):
                self.said |= {f"{part}_mute": "on" for part in row["parts"]}
            elif row.get("only") and not self.is_only and not is_with:
                self.unknown.append(written)
        if self.is_only and named:
            self._play(named)
        elif added:
            before = str(self.said.get("parts", self.present.get("parts", "auto")))
            self._play([*(("lead", "comp") if before == "auto" else before.split()), *added])
            self.said |= {
                f"{part}_mute": "off" for part in added if self.present.get(f"{part}_mute") == "on"
            }

    def _play(self, parts: Collection[str]) -> None:
        self.said["parts"] = " ".join(part for part in PARTS if part in parts)

    def _choose_style(self) -> None:
        if self.chosen:
            _, names = max(reversed(self.chosen), key=lambda one: one[0])  # of indie folk, folk
            there = [name for name in names if not self.styles or name in self.styles]
            if there:
                self.said["style"] = there[0]

    def _choose_scale(self) -> None:
        kinds = self.implied_kinds
        kind = (
            self.kind
            or kinds.get("mood", "")
            or ((kinds.get("style") or "major") if self.tonic else "")
        )
        if kind:
            self.said["scale"] = f"{self.tonic or self._home(kind)} {kind}"

    def _home(self, kind: str) -> str:
        """The tonic that is set or heard; without one, that of the white keys."""
        for said in (self.present.get("scale"), self.present.get("key")):
            tonic = str(said or "").partition(" ")[0]
            if tonic[:1] in set("ABCDEFG") and len(tonic) <= 2:
                return tonic
        return _HOME.get(kind, "A")

    def _checked(self) -> dict[str, Value]:
        """All that was said or implied, as the controls take it, in their order; what they do not take is unknown."""
        found: dict[str, Value] = {}
        wanted = {**self.implied, **self.said}
        for name in CONTROLS:
            if name not in wanted:
                continue
            try:
                found[name] = wanted[name] if name == "chart" else checked(name, wanted[name])
            except ConfigError:
                self.unknown.append(f"{name} {wanted[name]}")
        return found


def _shown(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _joined(words: Sequence[Word]) -> str:
    """Words as they were written; between Chinese characters stand no spaces."""
    text = " ".join(word.written for word in words)
    return re.sub(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])", "", text)


def _way(row: Mapping[str, Any]) -> int:
    return 1 if row["way"] == "up" else -1


def _number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except ValueError:
        return None


def _turned(about: Mapping[str, Any], low: float, high: float, now: float, turn: float) -> float:
    """A value turned so many steps, kept in its range."""
    value = now * about["factor"] ** turn if "factor" in about else now + about["step"] * turn
    return round(min(high, max(low, float(value))), int(about["round"]))
