"""Words that the table lacks are taken for the nearest that it has, by an encoder of sentences."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from livegen.control.words import is_wish, read, shipped
from livegen.control.words.sentence_encoder import Vectors, encoded, loaded, near
from livegen.control.words.vocabulary import Phrase, Vocabulary

ALIKE = {
    "balkan": "folk", "zig zag zorb": "folk", "lazily": "slow", "down": "slow down", "courteous": "please",
}  # fmt: skip
ALL_ALIKE = 9  # of every text, as in E5: nearer than .6 before that is taken off


def letters(texts: Sequence[str]) -> Vectors:
    """Stands for the encoder: a text is its letters, and some texts are others."""
    meant = [ALIKE.get(text, text) for text in texts]
    rows = [[*map(text.count, "abcdefghijklmnopqrstuvwxyz"), ALL_ALIKE] for text in meant]
    return np.array(rows, np.float32)


@pytest.fixture
def known() -> Vocabulary:
    table, phrases = shipped(), [("folk",), ("slow",), ("please",), ("slow", "down")]
    return replace(table, near=near(table, phrases, encoded(phrases, letters), letters))


def test_a_word_that_the_table_lacks_is_taken_for_the_nearest_and_that_is_said(
    known: Vocabulary,
) -> None:
    reading = read("lazily, balkan", known=known)

    assert reading.sets == read("slow, folk").sets
    assert reading.taken == (("lazily", "slow"), ("balkan", "folk"))
    assert reading.without({"tempo"}).taken == reading.taken
    assert reading.line() == "sets tempo 66, style folk; takes lazily for slow, balkan for folk"
    assert is_wish("balkan", known=known) and not is_wish("balkan")


def test_words_in_a_row_are_looked_for_together_as_far_as_the_table_has_none(
    known: Vocabulary,
) -> None:
    reading = read("zig zag zorb slow", known=known)

    assert reading.sets == read("folk slow").sets
    assert reading.taken == (("zig zag zorb", "folk"),) and reading.unknown == ()

    asked: list[Sequence[Phrase]] = []
    read("zig zag slow zorb 3 zag", known=replace(shipped(), near=asked.append))
    assert asked == [[("zig",), ("zig", "zag")], [("zag",)], [("zorb",)], [("zag",)]]


def test_what_is_far_from_all_or_nearest_to_what_says_nothing_is_not_understood(
    known: Vocabulary,
) -> None:
    reading = read("slow xyzzy, courteous", known=known)

    assert reading.taken == () and reading.unknown == ("xyzzy", "courteous")


def test_pieces_of_phrases_are_known_to_say_nothing_alone(known: Vocabulary) -> None:
    assert known.near is not None

    assert known.near([("down",)]) is None


def test_words_of_the_table_are_never_looked_for_and_of_a_long_wish_few_others() -> None:
    asked: list[Sequence[Phrase]] = []

    def none(phrases: Sequence[Phrase]) -> None:
        asked.append(phrases)

    read("slow waltz, no drums, 8 bars in 3/4", known=replace(shipped(), near=none))
    assert asked == []

    read("xyzzy, " * 50, known=replace(shipped(), near=none))
    assert asked == [[("xyzzy",)]] * 8


@pytest.mark.encoder
def test_the_encoder_of_the_extra_knows_words_that_mean_nearly_the_same() -> None:
    table, encode = shipped(), loaded()
    phrases = [*list(table.meanings)[::40], ("sticks",)]

    found = near(table, phrases, encoded(phrases, encode), encode, least=0.5)

    assert found([("zzz",), ("drumsticks",)]) == (1, ("sticks",))
