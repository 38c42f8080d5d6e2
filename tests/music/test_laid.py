"""Four keys that are struck at once are named by their root, whichever tone the hand has lowest."""

from collections.abc import Iterator, Sequence

import pytest

from livegen.music.chords.chord import INTERVALS, Chord
from livegen.music.chords.chord_names import chord_named
from livegen.music.chords.chords_heard import ChordTracker

BAR_US = 2_000_000
ROLLED_US = 9_000  # between keys of a chord
NAMED_US = 100_000  # so long after its first key a chord is looked at
EVERY_FIFTH = (0, 5, 10, 3)

Hand = Sequence[tuple[int, ...]]


def chords(text: str, by: int = 0) -> list[Chord]:
    """Chords by name, so many semitones higher."""
    found = [chord_named(name) for name in text.split()]
    assert all(found)
    return [chord.transposed(by) for chord in found if chord]


def steps(chord: Chord) -> list[int]:
    """The tones of a chord in close position, semitones above its root."""
    return sorted({step % 12 for step in INTERVALS[chord.kind]})


def close(chord: Chord, turn: int = 0, lowest: int = 48) -> tuple[int, ...]:
    """A chord in close position, its root lowest or, turned, another tone."""
    tones = steps(chord)
    tones = tones[turn:] + [step + 12 for step in tones[:turn]]
    first = lowest + (chord.root + tones[0] - lowest) % 12
    return tuple(first + step - tones[0] for step in tones)


def at_root(some: Sequence[Chord]) -> Hand:
    """The hand that jumps from root to root."""
    return [close(chord) for chord in some]


def led(some: Sequence[Chord]) -> Iterator[tuple[int, ...]]:
    """The hand that begins with the root lowest, and then goes to the nearest keys."""
    before = 55.0
    for chord in some:
        if chord is some[0]:
            yield close(chord)
            continue
        ways = [close(chord, turn, low) for turn in range(len(steps(chord))) for low in (45, 50)]
        hand = min(ways, key=lambda keys: abs(sum(keys) / len(keys) - before))
        before = 0.5 * 55 + 0.5 * sum(hand) / len(hand)
        yield hand


def over_bass(some: Sequence[Chord]) -> Hand:
    """Two hands: the root far below, the chord led above it."""
    return [
        (33 + (chord.root - 33) % 12, *keys) for chord, keys in zip(some, led(some), strict=True)
    ]


def heard(hand: Sequence[tuple[int, ...]]) -> list[str]:
    """The names of what is played, a bar each, keys rolled upwards; basses are not said."""
    tracker, found = ChordTracker(), list[str]()
    for bar, keys in enumerate(hand):
        at = bar * BAR_US
        for number, key in enumerate(keys):
            tracker.strike(at + number * ROLLED_US, key, 70)
            tracker.look(at + number * ROLLED_US)
        chord = tracker.look(at + NAMED_US)
        assert chord is not None
        found.append(Chord(chord.root, chord.kind).name)
        for key in keys:
            tracker.release(at + BAR_US - 50_000, key)
    return found


SONGS = {
    "a bossa": "Am7 D7 Gmaj7 Cmaj7 F#m7b5 B7 Em7 E7",
    "two, five and one in minor": "Bm7b5 E7 Am7",
    "two, five and one": "Dm7 G7 Cmaj7 Cmaj7 Dm7 G7 Cmaj7",
    "the bridge of rhythm changes": "D7 D7 G7 G7 C7 C7 F7 F7",
    "a standard": "Cm7 F7 Bbmaj7 Ebmaj7 Am7b5 D7 Gm7",
    "pop": "C G Am7 F C F G7 C",
}


@pytest.mark.parametrize("by", EVERY_FIFTH)
@pytest.mark.parametrize("song", SONGS.values(), ids=SONGS)
def test_a_hand_has_its_roots_in_root_position_by_the_shortest_way_and_over_a_bass(
    song: str, by: int
) -> None:
    some = chords(song, by)
    meant = [chord.name for chord in some]

    assert heard(at_root(some)) == meant
    assert heard(list(led(some))) == meant
    assert heard(over_bass(some)) == meant


def test_the_shortest_way_leads_through_chords_whose_lowest_tone_is_the_root_of_another_name() -> (
    None
):
    """Else the test above says nothing."""
    some = [chord for song in SONGS.values() for by in EVERY_FIFTH for chord in chords(song, by)]
    hands = [
        keys for song in SONGS.values() for by in EVERY_FIFTH for keys in led(chords(song, by))
    ]
    sixths = [
        chord.kind in ("m7", "m7b5") and (min(keys) - chord.root) % 12 == 3
        for chord, keys in zip(some, hands, strict=True)
    ]

    assert sum(sixths) >= 5


@pytest.mark.parametrize("by", EVERY_FIFTH)
@pytest.mark.parametrize("song", ["C Am7 Dm7 G7 C6", "C6 A7 Dm7 G7 C6", "Cmaj7 Am7 Dm7 G7 C6"])
def test_a_song_that_ends_on_its_sixth_ends_on_it(song: str, by: int) -> None:
    some = chords(song, by)

    assert heard(at_root(some))[-1] == some[-1].name
    assert heard(list(led(some)))[-1] == some[-1].name


@pytest.mark.parametrize("by", EVERY_FIFTH)
def test_a_bass_of_its_own_is_the_root_whatever_usually_comes(by: int) -> None:
    two_five, am7, c6 = chords("Dm7 G7 Am7 C6", by)[:2], *chords("Am7 C6", by)
    before = over_bass(two_five)

    assert heard([*before, over_bass([am7])[0]])[-1] == am7.name
    assert heard([*before, over_bass([c6])[0]])[-1] == c6.name


def test_a_chord_that_is_struck_again_in_another_inversion_is_the_same_chord() -> None:
    am7, c6 = chords("Am7 C6")

    assert heard([close(am7, turn) for turn in (0, 2, 3, 0)]) == ["Am7"] * 4
    assert heard([close(c6, turn) for turn in (0, 1, 2, 0)]) == ["C6"] * 4


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ((43, 53, 59, 64), "G7"),  # G13: root, seventh, third, thirteenth
        ((53, 59, 64, 67), "G7"),
        ((43, 53, 59), "G7"),  # a shell
        ((50, 53, 60), "Dm7"),
        ((50, 53, 56, 59, 64), "E7"),  # E7b9 with its seventh lowest
        ((50, 53, 55, 57, 59), "G7"),  # G9
        ((48, 52, 55, 57, 59), "Am7"),  # Am9
        ((52, 55, 59, 60, 62), "Cmaj7"),  # Cmaj9
        ((48, 50, 52, 55), "C"),  # Cadd9
        ((48, 53, 55), "Csus4"),
        ((48, 53, 55, 58), "C7sus4"),
    ],
)
def test_ninths_thirteenths_shells_and_pop_chords_are_heard_on_their_root(
    keys: tuple[int, ...], name: str
) -> None:
    assert heard([keys]) == [name]
