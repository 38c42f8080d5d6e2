"""Reads what a text asks of the controls.

Words are taken in order: what modifies (not, only, more, a bit) waits for the next word that means something, and a
clause ends at a comma.  What a word implies (a waltz has three beats) holds where nothing else is said.  Knows the
table of controls; knows no engine and no files.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from livegen.control.words import keys
from livegen.control.words.chords import chart_in
from livegen.control.words.vocabulary import (
    Meaning,
    Vocabulary,
    Word,
    joined,
    shipped,
    words_of,
)
from livegen.control.words.wanted import OF_A_PART, AxisStep, Reading, Wanted, way
from livegen.errors import ConfigError
from livegen.jam.controls.controls import LONGEST_WISH
from livegen.jam.controls.style_mix import JOINED, is_mix, is_word, styles_in
from livegen.music.keys.scale import KINDS

ANY = "any"
_LITTLE, _MUCH = 0.6, 2.0  # steps
LONGEST_NEAR = 3  # words
# Of a wish: an encoder takes 9 ms of a processor for each of up to three texts of a look.
MOST_LOOKS = 8


def is_name(text: str, styles: Collection[str] = ()) -> bool:
    """True if a value of the control `style` is a style's name: one of `styles`, of the table's, or joined by lines."""
    word = text.strip()
    is_joined = "_" in word and word.replace("_", "").isalnum()
    return is_joined or word == ANY or word in styles or word in shipped().styles


def is_wish(text: str, styles: Collection[str] = (), known: Vocabulary | None = None) -> bool:
    """True if a value of the control `style` is a wish in words: no name, but several words or one with a meaning.

    `styles` and `known` are as `read` takes them.  Raises ConfigError if it is too long.
    """
    if is_name(text, styles) or is_mix(text):
        return False
    is_one_word = text.isascii() and is_word(text.strip())
    return not is_one_word or bool(read(text, styles=styles, known=known).sets)


def with_names(text: str, styles: Collection[str] = ()) -> str:
    """A value of the control `style`; where it joins two styles by +, each by its name, if words are known for it."""
    if not is_mix(text):
        return text
    return JOINED.join(
        one if is_name(one, styles) else str(read(one, styles=styles).sets.get("style", one))
        for one in styles_in(text)
    )


def read(
    text: str,
    present: Mapping[str, Any] | None = None,
    styles: Collection[str] = (),
    charts: Collection[str] = (),
    known: Vocabulary | None = None,
) -> Reading:
    """Read a text.  Raises ConfigError if it is too long.

    `present` are values of controls, from which "faster" goes on, and what is heard: `tempo_bpm`, `key`.  `styles` are
    those that the model has (none: all are taken to be there), `charts` the names of charts that there are, `known` the
    words that are understood, by default those that came with livegen.
    """
    if len(text) > LONGEST_WISH:
        raise ConfigError(f"style: expected at most {LONGEST_WISH} characters, got {len(text)}")
    chart, rest = chart_in(text)
    known = known or shipped()
    wanted = Wanted(known.axes, dict(present or {}), styles)
    if chart:
        wanted.said["chart"] = chart
    return _WishReader(words_of(rest), known, charts, wanted).read()


@dataclass(slots=True)
class _Modifiers:
    """Words that wait for the next word that means something."""

    is_not: bool = False
    is_too: bool = False
    is_with: bool = False
    amount: float = 0.0  # of a step, where "a bit" or "much" was said
    turn: int = 0  # more, less


@dataclass(slots=True)
class _WishReader:
    words: Sequence[Word]
    known: Vocabulary
    charts: Collection[str]
    wanted: Wanted
    at: int = 0
    waiting: _Modifiers = field(default_factory=_Modifiers)
    # of the clause:
    steps: list[AxisStep] = field(default_factory=list)
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
    looks: int = 0  # so often the encoder was asked

    def read(self) -> Reading:
        while self.at < len(self.words):
            self._word()
        self._end_clause()
        return self.wanted.reading()

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
            self.wanted.tonic, self.wanted.kind = key.tonic, key.kind or self.wanted.kind
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
        if self._near(word):
            return
        if self.unread:
            self.wanted.unknown.pop()
        self.unread.append(word)
        self.wanted.unknown.append(_joined(self.unread))

    def _near(self, word: Word) -> bool:
        """Take a word, or up to three in a row that say nothing, for the phrase that an encoder finds near to them."""
        if self.known.near is None or self.looks >= MOST_LOOKS or not word.plain[0].isalpha():
            return False
        self.looks += 1
        runs = [[word]]
        for at in range(self.at, min(self.at + LONGEST_NEAR - 1, len(self.words))):
            after = self.words[at]
            if not after.plain[0].isalpha() or self.known.at(self.words, at)[0]:
                break
            runs.append([*runs[-1], after])
        found = self.known.near([tuple(word.plain for word in run) for run in runs])
        if found is None:
            return False
        index, phrase = found
        self.at += index
        self.unread = []
        self.wanted.taken.append((_joined(runs[index]), joined(phrase)))
        self._take(_joined(runs[index]), self._of_several(self.known.meanings[phrase]))
        return True

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
                self.wanted.calculate(meaning.row)
                self._meant("turns")
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
                    self.wanted.implied_kinds.setdefault("mood", meaning.row["kind"])
                self._meant("moods")
            case "kinds":
                both = f"{self.wanted.kind} {meaning.row['kind']}"  # minor, pentatonic
                self.wanted.kind = both if both in KINDS else meaning.row["kind"]
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
        """More or less of what follows; behind a noun, as in Chinese, of that, unless another axis follows."""
        _, after = self.known.at(self.words, self.at)
        axes = {meaning.row.get("axis") for meaning in after if meaning.kind == "degrees"}
        if self.noun is not None and axes <= {self.noun["axis"]}:
            self.steps.append(AxisStep(self.noun, turn))
        else:
            self.waiting.turn = turn
        self.noun = None

    def _a_bit(self) -> None:
        """Behind an adjective: not to where it says, but a step that way."""
        if self.steps and not self.steps[-1].is_not:
            step = self.steps.pop()
            turn = step.turn or way(step.row)
            self.steps.append(
                step._replace(turn=turn * _LITTLE if abs(turn) == 1 else turn, beyond=0)
            )

    def _degree(self, row: Mapping[str, Any], is_comparative: bool) -> None:
        waiting, turn = self.waiting, way(row)
        noun, self.noun = self.noun, None
        is_plain = not (waiting.is_not or waiting.is_too)
        if noun is not None and row["axis"] == "energy" and is_plain:  # the swing, stronger
            self.steps = [step for step in self.steps if step.row is not noun]
            self.steps.append(AxisStep(noun, turn))
        elif waiting.is_not:
            self.steps.append(AxisStep(row, -turn, is_not=True, is_too=waiting.is_too))
        elif waiting.is_too:
            self.steps.append(AxisStep(row, -turn))
        elif is_comparative or waiting.turn or waiting.amount == _LITTLE:
            self.steps.append(AxisStep(row, turn * (waiting.turn or 1) * (waiting.amount or 1)))
        elif "at" in row:
            self.steps.append(AxisStep(row, beyond=float(waiting.amount == _MUCH)))
        if "at" not in row or row["axis"] in ("swing", "groove"):
            self.noun = row
        self._meant("degrees")

    # --- what else can be meant -------------------------------------------------------------------------------

    def _wish(self, written: str, row: Mapping[str, Any]) -> None:
        if self.waiting.is_not:
            switches = {name: "off" for name, value in row["set"].items() if value == "on"}
            self.wanted.said.update(switches)
            if not switches:
                self.wanted.unknown.append(f"not {written}")
        else:
            self.wanted.said.update(row["set"])
        self._meant("wishes")

    def _style(self, written: str, row: Mapping[str, Any]) -> None:
        waiting = self.waiting
        if "swing" in row["set"] and (waiting.is_not or waiting.turn):  # a feel, and no style
            by = self.wanted.now("swing") + 5 * waiting.turn
            self.wanted.said["swing"] = 50 if waiting.is_not else min(75, max(50, by))
        elif waiting.is_not:
            self.wanted.unknown.append(f"not {written}")
        else:
            self.wanted.style(row)
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
            self.wanted.said["metre"] = f"{number:g}/{self.words[end + 1].plain}"
            end += 2 + self._unit("tempo", end + 2)  # 3/4拍
        elif (more := self._unit("voices", end)) and 1 <= number <= 8:
            self.wanted.said["voices"] = int(number)
            end += more
        elif more := self._unit("bars", end):
            self.wanted.bars = int(number)
            end += more
        elif 30 <= number <= 300 and ((more := self._unit("tempo", end)) or self._is_tempo(end)):
            self.wanted.said["tempo"], self.wanted.is_counted = number, True
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
        """The number of words from one on that are a unit; 0 where they are none."""
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
                    self.wanted.said["chart"], self.at = name, end
                    return True
        if (self.words[self.at].plain,) in self.known.units["chart"]:
            self.at += 1
            return True
        return False

    # --- a clause and the whole -------------------------------------------------------------------------------

    def _end_clause(self) -> None:
        if self.waiting.is_not and self.steps:  # ma non troppo
            last = self.steps[-1]
            self.steps.append(AxisStep(last.row, -way(last.row)))
        plain = [
            row["parts"] for _, row, *how in self.parts if not any(how) and not row.get("only")
        ]
        whose = plain[0][0] if len(self.parts) == len(plain) == 1 and not self.is_only else ""
        for step in self.steps:
            if whose and step.row["axis"] in OF_A_PART:
                self.wanted.do_of_part(step, whose)
            else:
                self.wanted.do(step)
        self._choose_parts()
        self.steps, self.parts, self.unread, self.is_only, self.noun = [], [], [], False, None
        self.waiting, self.last = _Modifiers(), ("", False)

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
                self.wanted.said |= {f"{part}_mute": "on" for part in row["parts"]}
            elif row.get("only") and not self.is_only and not is_with:
                self.wanted.unknown.append(written)
        if self.is_only and named:
            self.wanted.play(named)
        elif added:
            self.wanted.add(added)


def _joined(words: Sequence[Word]) -> str:
    return joined([word.written for word in words])
