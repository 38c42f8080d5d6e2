"""Wires are read from what JACK's and ALSA's own lists look like."""

from hypothesis import given
from hypothesis import strategies as st

from livegen.doctor.patchbay import Connection, alsa_wires, jack_wires

# `jack_lsp -c -p` of jackd2 1.9.21, with ports of ours wired in a circle and to a DAW.
JACK = (
    "system:capture_1\n\tproperties: output,physical,terminal,\n"
    "livegen-in:Model In\n   livegen-out:Model Out\n   ardour:MIDI 1/midi_out 1\n\tproperties: input,\n"
    "livegen-out:Model Out\n   livegen-in:Model In\n\tproperties: output,\n"
    "ardour:MIDI 1/midi_out 1\n   livegen-in:Model In\n\tproperties: output,\n"
)
# As dump_ports() in sound/core/seq/seq_clientmgr.c writes it.
ALSA = """\
Client info
  cur  clients : 4
  peak clients : 5
  max  clients : 192

Client   0 : "System" [Kernel Legacy]
  Port   0 : "Timer" (Rwe-) [In/Out]
  Port   1 : "Announce" (R-e-) [Out]
    Connecting To: 130:0
Client  20 : "Keystation 49" [Kernel Legacy]
  Port   0 : "Keystation 49 MIDI 1" (RWeX) [In/Out]
    Connecting To: 128:0[r:0], 130:1[ex]
Client 128 : "livegen-in" [User Legacy]
  Port   0 : "Model In" (-We-) [In]
    Connected From: 20:0[r:0], 129:0
  Input pool :
    Pool size          : 200
Client 129 : "livegen-out" [User Legacy]
  Port   0 : "Model Out" (R-e-) [Out]
    Connecting To: 128:0
  Output pool :
    Pool size          : 500
"""


def test_wires_of_jack_run_from_outputs_to_inputs_each_once() -> None:
    assert jack_wires(JACK) == [
        Connection("livegen-out:Model Out", "livegen-in:Model In"),
        Connection("ardour:MIDI 1/midi_out 1", "livegen-in:Model In"),
    ]


def test_wires_of_alsa_carry_the_names_that_rtmidi_shows() -> None:
    assert alsa_wires(ALSA) == [
        Connection("System:Announce 0:1", "130:0"),
        Connection("Keystation 49:Keystation 49 MIDI 1 20:0", "livegen-in:Model In 128:0"),
        Connection("Keystation 49:Keystation 49 MIDI 1 20:0", "130:1"),
        Connection("livegen-out:Model Out 129:0", "livegen-in:Model In 128:0"),
    ]


def test_nothing_connected_is_no_wire() -> None:
    assert jack_wires("system:capture_1\n\tproperties: output,\n") == []
    assert alsa_wires('Client 128 : "a" [User]\n  Port   0 : "b" (-We-)\n') == []


@given(st.text(alphabet='Client Port:"[]()0123\n\t,output Connecting To properties'))
def test_any_text_is_read_without_a_word(text: str) -> None:
    for read in (jack_wires, alsa_wires):
        assert all(isinstance(wire, Connection) for wire in read(text))
