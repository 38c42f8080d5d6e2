"""Keys: a tonic and a mode, as a value, and the one that weights of pitch classes suggest.

This is the only key finder: a phrase (`scale.key_of`) and a whole session (`KeyTracker` in
`livegen/music/keys/key_tracker.py`) are judged by the same profile.  Knows no time and no chords.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import Literal

Mode = Literal["major", "minor"]
MODES: tuple[Mode, Mode] = ("major", "minor")
STEPS: dict[Mode, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10, 11),  # a minor tune uses both sevenths
}
# Of two spellings the one with fewer signs; of six flats and six sharps, what is met more often.
_NAMES: dict[Mode, tuple[str, ...]] = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}

# The weight of each degree for a key: shares of weight are multiplied by these and summed into
# the logit of the key.  Multinomial regression on windows of 2,001 train pieces with known keys
# (250 of pop909_aligned, 700 of trad_abc, all of wjd_jazz, mutopia_pd and openewld_leadsheets, jazz
# and lead sheets also with their chords), sets weighted alike and so are major and minor: with the
# modes weighted as they come, minor was in force 25 % of its time instead of 59 % (major 75 and
# 64 %, train pieces held back).  First what all notes say, then what the bass says.
_PROFILES: dict[Mode, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "major": (
        (13.3, -10.8, 2.5, -4.2, 12.3, 3.1, -15.5, 9.9, -7.6, 6.3, -12.0, 2.6),
        (1.2, 0.6, -0.8, 1.6, -2.5, 0.4, 0.8, 0.8, 0.9, -2.3, -0.6, -0.3),
    ),
    "minor": (
        (13.2, -16.0, 4.2, 9.3, -15.7, 5.2, -6.0, 13.3, -1.8, -10.6, 3.3, 1.6),
        (2.8, 1.1, -2.5, 0.5, -1.2, -0.9, -2.8, 0.4, 2.8, -0.1, -0.2, 0.3),
    ),
}
_USUAL: dict[Mode, float] = {"major": 0.26, "minor": -0.26}  # before anything is heard
_DOUBT = 2.0  # so much weight says only half of what it could

LEAST_SHARE = 0.75  # below this share of weight inside the best key, notes have no key


@dataclass(frozen=True, slots=True)
class Key:
    """A major or minor key; `tonic` is a pitch class."""

    tonic: int
    mode: Mode

    @property
    def name(self) -> str:
        """In the usual spelling: "D minor", "Eb major"."""
        return f"{_NAMES[self.mode][self.tonic]} {self.mode}"

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The pitch classes of the key's scale; in minor with both sevenths."""
        return frozenset((self.tonic + step) % 12 for step in STEPS[self.mode])

    @property
    def third(self) -> int:
        """Semitones from its tonic to the third of its triad."""
        return STEPS[self.mode][2]

    def is_at_rest(self, pitch: int) -> bool:
        """True of a tone of its tonic triad: a phrase that ends there is closed."""
        return (pitch - self.tonic) % 12 in (0, self.third, 7)

    @property
    def relative(self) -> "Key":
        """The major or minor key of the same signature: C major's is A minor."""
        is_major = self.mode == "major"
        return Key((self.tonic + (9 if is_major else 3)) % 12, "minor" if is_major else "major")

    @property
    def leading_tone(self) -> int:
        """The pitch class a semitone below the tonic."""
        return (self.tonic + 11) % 12


KEYS = tuple(Key(tonic, mode) for mode in MODES for tonic in range(12))
CLASSES = tuple(key.pitch_classes for key in KEYS)
SCALES = tuple(key.pitch_classes for key in KEYS if key.mode == "major")
_ROWS = tuple(
    tuple(profile[(pitch_class - key.tonic) % 12] for profile in _PROFILES[key.mode]
          for pitch_class in range(12))
    for key in KEYS
)  # fmt: skip
_BEFORE = tuple(_USUAL[key.mode] for key in KEYS)
_NO_BASS = (0.0,) * 12


def signs_apart(one: Key, other: Key) -> int:
    """Count the notes of the signature of a key that are none of another's: 0 for relative keys, 1 a fifth away."""
    signatures = [key if key.mode == "major" else key.relative for key in (one, other)]
    first, second = (key.pitch_classes for key in signatures)
    return len(first - second)


def logits(weights: Sequence[float], bass: Sequence[float] = _NO_BASS) -> list[float]:
    """Give how likely each of KEYS is, from weights of twelve pitch classes; `bass` of the lowest notes alone."""
    of_all, of_bass = 1 / (sum(weights) + _DOUBT), 1 / (sum(bass) + _DOUBT)
    shares = [weight * of_all for weight in weights] + [weight * of_bass for weight in bass]
    return [sum(map(mul, row, shares)) + before for row, before in zip(_ROWS, _BEFORE, strict=True)]


def likeliest(weights: Sequence[float]) -> Key | None:
    """The key that twelve weights suggest; None when they suggest none."""
    scores = logits(weights)
    best = scores.index(max(scores))
    return KEYS[best] if share_in(weights, best) >= LEAST_SHARE else None


def share_in(weights: Sequence[float], key: int) -> float:
    """The share of twelve weights that lies in the scale of a key, by its number in KEYS."""
    total = sum(weights)
    return sum([weights[pitch_class] for pitch_class in CLASSES[key]]) / total if total else 0.0
