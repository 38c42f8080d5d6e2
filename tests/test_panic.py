from livegen.daemon.midi.outbox import BURST, RATE_PER_S
from livegen.music.messages import ControlChange, NoteOff, decode
from livegen.panic import _fitting, panic_messages


def test_what_silences_most_instruments_fits_into_the_first_burst() -> None:
    first = {decode(data) for data in panic_messages()[:BURST]}

    wanted = {(64, 0), (120, 0), (123, 0)}
    assert {
        ControlChange(*control, channel) for control in wanted for channel in range(16)
    } <= first


def test_every_key_of_every_channel_is_released_by_itself() -> None:
    released = {
        (m.channel, m.pitch) for m in map(decode, panic_messages()) if isinstance(m, NoteOff)
    }

    assert released == {(channel, pitch) for channel in range(16) for pitch in range(128)}


def test_panic_is_over_in_five_seconds_at_the_rate_that_cables_bear() -> None:
    assert (len(panic_messages()) - BURST) / RATE_PER_S < 5


def test_a_port_is_found_by_its_name_before_any_that_only_holds_it() -> None:
    ports = ["synth:in", "synth:in 2", "other:IN"]

    assert _fitting("synth:in", ports) == ["synth:in"]
    assert _fitting("in", ports) == ports
