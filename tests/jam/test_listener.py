"""The beat of a call is followed, however long the call is."""

import pytest

from livegen.jam.interplay.listener import Listener
from livegen.jam.struck import Struck
from livegen.music.parts import COMP
from livegen.music.time.timeline import Timeline
from livegen.testing import UniformModel

CHORDS = ((48, 52, 55), (53, 57, 60), (55, 59, 62), (48, 52, 55))


def strike(listener: Listener, since: int, beat_us: int, beats: int) -> int:
    """Chords on each beat, louder and another on each first of four; gives when they are over, micros."""
    for beat in range(beats):
        at, first = since + beat * beat_us, beat % 4 == 0
        for key in CHORDS[beat // 4 % 4]:
            listener.hear(Struck(at, COMP, key, 100 if first else 60))
        for key in CHORDS[beat // 4 % 4]:
            listener.hear(Struck(at + beat_us * 9 // 10, COMP, key, 0))
    return since + beats * beat_us


@pytest.mark.parametrize("is_whole", [True, False])
def test_another_beat_is_gone_by_also_where_the_call_can_no_longer_be_heard_again(
    is_whole: bool,
) -> None:
    listener = Listener(UniformModel(), Timeline(500_000))
    listener.led(is_free=True, fixed_us=None, has_song=False)
    call = listener.open_call(1_000_000)
    over = strike(listener, 1_000_000, 500_000, 32)
    listener.fit(call, over)
    if call.again:
        assert listener.hear_again(call, call.again, 10_000)
    before = listener.live.timeline
    if not is_whole:
        call.forget_strokes(listener.live.copy())
    # A beat and a half later everything is slower.
    now = strike(listener, over + 750_000, 620_000, 64)
    listener.fit(call, now)
    if call.again:
        assert listener.hear_again(call, call.again, 10_000)

    assert listener.live.timeline != before
    assert listener.live.timeline.tempo_us == pytest.approx(620_000, rel=0.05)
