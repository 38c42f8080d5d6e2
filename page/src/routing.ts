// How each DAW is wired to livegen, as a table: what the guide says and draws.  Knows no elements.

export interface Daw {
  id: string;
  name: string;
  steps: readonly string[];
  see: string;
  yours: string; // what carries your playing to the model
  models: string; // what plays the model
}

export const DAWS: readonly Daw[] = [
  {
    id: "here",
    name: "No DAW",
    steps: [
      "Click a key of the piano on this page, or press A, S, D on your computer's keyboard: the sound turns on by itself.",
      "Play a short phrase of a few notes, then let go of all keys.",
      "Wait for a moment: the model answers on the next bar line, or a bar later.",
    ],
    see: "“You play” in blue while you play, then “Model plays”, and orange notes that move left from the vertical line.",
    yours: "Keys on this page",
    models: "Sound of this page",
  },
  {
    id: "live",
    name: "Live",
    steps: [
      "In Settings ▸ Link, Tempo & MIDI set input Model Out to Track on, and output Model In to Track and Sync on.",
      "Give your own track MIDI From your keyboard; let a second track take MIDI From it and send MIDI To Model In, monitor In.",
      "On a third track choose MIDI From Model Out (never All Ins), monitor In, and put an instrument on it.",
    ],
    see: "the meter of the third track move after you play two bars and stop, and “MIDI clock” beside the tempo while Live runs.",
    yours: "Track 2 · MIDI To: Model In",
    models: "Track 3 · MIDI From: Model Out",
  },
  {
    id: "reaper",
    name: "Reaper",
    steps: [
      "In Preferences ▸ MIDI Devices enable the input Model Out and the output Model In, the output with “Send clock/SPP to this device”.",
      "On track 1 take your keyboard as input, arm it, and set its MIDI Hardware Output to Model In.",
      "On track 2 take the input MIDI ▸ Model Out ▸ All channels (never All MIDI Inputs), arm it, and put an instrument on it.",
    ],
    see: "the meter of track 2 move after you play two bars and stop.",
    yours: "Track 1 · MIDI Hardware Output: Model In",
    models: "Track 2 · input: Model Out",
  },
  {
    id: "bitwig",
    name: "Bitwig",
    steps: [
      "In Settings ▸ Controllers add a Generic MIDI keyboard with the input Model Out; in Settings ▸ Synchronization send the clock to Model In.",
      "Let a second track take the notes of your own track, and put a HW Instrument on it that sends to Model In.",
      "On a third track choose only the controller Model Out as its input (never All Ins), switch its monitor on, and put an instrument on it.",
    ],
    see: "the note lamp of the model's track blink after you play two bars and stop.",
    yours: "Track 2 · HW Instrument: Model In",
    models: "Model's track · input: Model Out",
  },
  {
    id: "logic",
    name: "Logic",
    steps: [
      "In File ▸ Project Settings ▸ Synchronization ▸ MIDI send the clock to the destination Model In.",
      "Beside your instrument track add an External MIDI track with the destination Model In and the same MIDI In Port, your keyboard; enable both for recording.",
      "Add an instrument track for the model, set its MIDI In Port to Model Out (not All), and enable it for recording too.",
    ],
    see: "the model's track receive notes after you play two bars and stop.",
    yours: "External MIDI track · destination: Model In",
    models: "Instrument track · MIDI In Port: Model Out",
  },
  {
    id: "ardour",
    name: "Ardour",
    steps: [
      "Start JACK or Ardour's own server before livegen, then open Window ▸ MIDI Connections.",
      "Connect your keyboard, and a MIDI track of yours, to livegen-in: Model In.",
      "Connect livegen-out: Model Out, and nothing else, to a second MIDI track with an instrument, monitoring In.",
    ],
    see: "the meter of the second track move after you play two bars and stop.",
    yours: "Your track → livegen-in: Model In",
    models: "livegen-out: Model Out → second track",
  },
];

export const LOOP_WARNING = "Never send the model's track back to Model In: it would answer itself.";
