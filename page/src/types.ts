// What travels between the page and livegen, as JSON.  Knows shapes only.
// Times are integer microseconds of the server's monotonic clock; channels and parts count from 0.

export type Value = number | string;

/** One entry of the controls table: number (`low`..`high`, or one of `choices`), choice, or text. */
export interface Control {
  name: string;
  kind: "number" | "choice" | "text";
  default: Value;
  help: string;
  low: number;
  high: number;
  choices: string[];
  unit: string;
  whole: boolean;
  ratio: boolean;
}

export interface Command {
  name: string;
  label: string; // on the page, from the player's side
  help: string;
  is_cue: boolean; // only a band can be asked for it
}

/** How a mode is shown: its headlines between calls, in a call while the player rests, and while the player plays. */
export interface ModeWords {
  waiting: string;
  listening: string;
  playing: string;
  needs_clock: boolean; // told to keep to a clock, it waits for it
  is_beside: boolean; // a band: the model plays while the player does
  yields: boolean; // a key of the player's ends what the model plays
}

/** Somebody in a studio's room: what he does there, and the channel on which he is heard, where he has a role. */
export interface Seat {
  name: string;
  role: string; // "" for nothing in particular
  channel: number | null;
}

/** What the player at this page does. */
export interface You {
  t: "you";
  role: string;
  channel: number | null;
  steers: boolean; // may change controls
  is_fixed: boolean; // the role is the invitation's
}

export interface Hello {
  t: "hello";
  version: string;
  now: number;
  controls: Control[];
  commands: Command[];
  modes: Record<string, ModeWords>;
  parts: string[];
  scales?: string[]; // kinds of them
  ports: { in?: string; out?: string; api?: string; sounds?: boolean };
  presets: string[];
  setlist: string[];
  styles?: string[];
  models?: string[];
  recordings?: boolean;
  font?: string | null; // a sound font, to be had at /font/NAME
  listens?: boolean; // notes are heard in the audio of a page, which sends it as bytes (see microphone.ts)
  began?: number | null; // micros: of a studio, tells the engines of a room apart
  roles?: string[]; // what a player can do in a studio's room
  players?: Seat[]; // who is in the room, by name
  is_recorded?: boolean; // what is played in the room
  room?: string | null; // of a studio, in which notes are played here when they are due; null on one's own machine
}

/** [due, until or null while it is not known, part, channel, pitch, velocity] */
export type Planned = [number, number | null, number, number, number, number];

/** [micros, nats] */
export type Surprise = [number, number];

/** [micros per quarter, micros of tick 0, ticks per bar]; 24 ticks are a quarter. */
export type Timeline = [number, number, number];

/** A phrase on the map: its number, where it lies, its name there. */
export type Dot = readonly [number: number, x: number, y: number, name: string];

export interface EngineState {
  model?: string;
  model_file?: string;
  turn?: string;
  mode?: string;
  leader?: string;
  tempo_bpm?: number;
  tempo_sure?: number; // the probability that the tempo is right
  metre?: string;
  timeline?: Timeline;
  key?: string;
  key_sure?: number; // the probability of the key, and the runner-up with its own
  second_key?: string;
  second_key_sure?: number;
  chord?: string;
  goes_round?: boolean; // a section, or bars that were played
  stop_time?: boolean;
  macros?: Record<string, boolean>; // of each whether it runs
  phrases?: readonly Dot[]; // the map of phrases that were varied or kept
  memo?: Memo;
  cue?: string; // that waits for the bar line, "" for none
  next_chord?: string;
  chord_source?: string;
  /** Where in the chart: its bar as it is written, from 0; empty without a chart. */
  song?: { title?: string; section?: string; bar?: number };
  /** A form that was found by ear: how many bars, and which one it is, from 1; empty where none was. */
  form?: { bars?: number; bar?: number };
  remembers?: string; // whose playing is kept, "" for nobody's
  remembered?: number; // notes
  held?: number;
  waits_for?: readonly number[]; // pitches of held keys that keep the model from answering
  rest_at?: number | null; // micros: when the player will have rested, if nothing is struck before
  coming?: boolean; // the model is about to begin
  why?: Told | Record<string, never>; // of the note that was asked about last
  reply?: Reply | Record<string, never>; // to what was asked for last, by whomever; empty before
  /** Channel, from 1, to how it is heard: those on which notes came. */
  channels?: Record<string, string>;
  preset?: string;
  learning?: string | null;
  map?: Record<string, string>;
  controls?: Record<string, Value>;
  programs?: Record<string, number>; // of General MIDI, from 0, by part
  plan?: Planned[];
  surprise?: Surprise[];
  engine?: "alive" | "starting" | "dead";
  engine_pid?: number;
}

/** Why a note of the model's was played.  `others`: [pitch, chance, …]; `took_up`: [who, micros, channel, pitch, nats, …]. */
export interface Told {
  at: number;
  channel: number;
  pitch: number;
  part: string;
  note: string;
  who: string;
  because: string;
  seen: string;
  chance: number; // 0 where nothing was drawn
  others: number[];
  network: number; // the chance that the network alone gave it
  added: Record<string, number>; // nats, by who added them
  took_up: number[];
  without: number; // so many times less likely without what it took up
}

/** What came of a command, or why a value was not taken. */
export interface Reply {
  number: number;
  to: string;
  done: boolean;
  line: string;
}

/** [0 player or 1 model, micros, status, first data byte, second where there is one] */
export type HeardNote = [0 | 1, number, number, number, number?];

/** What a studio wants played: [due, status, first data byte, second where there is one], or the end of notes. */
export type Music =
  | readonly [number, number, number, number?]
  | { readonly cut: readonly (readonly [channel: number, pitch: number])[] };

export interface Spread {
  p50_us?: number | null;
  p99_us?: number | null;
  max_us?: number | null;
  count?: number;
}

export interface Figures {
  t: "figures";
  in_to_state?: Spread;
  in_to_first?: Spread;
  lateness?: Spread;
  missed?: number;
  dropped?: number;
  late?: number;
  restarts?: number;
  loop?: string | null;
  in?: Record<string, number>;
  out?: Record<string, number>;
  cpu?: Record<string, number>;
  urgency?: string;
  refused?: number;
}

export type Line = { t: "line"; line: string; kind?: "note" | "saved" | "bad"; name?: string; at?: number };

export type Refused = { t: "refused"; line: string; name?: string };

export type FromServer =
  | Hello
  | { t: "state"; now: number; state: EngineState }
  | { t: "notes"; now: number; notes: HeardNote[] }
  | Figures
  | Line
  | Refused
  | { t: "gap" }
  | { t: "music"; music: Music[] }
  | { t: "beat"; now: number }
  | { t: "token"; token: string }
  | You
  | { t: "room"; room: string }
  | { t: "pong"; at: number; now: number };

export type ToServer =
  | { t: "set"; name: string; value: Value }
  | { t: "do"; name: string; value?: Value | readonly number[] | null }
  | { t: "play"; data: [number, number, number] | [number, number]; at?: number }
  | { t: "ping"; at: number }
  | { t: "name"; name: string }
  | { t: "role"; role: string }
  | Rejoin;

/** What went on before, told to a room whose engine is new: strokes are [micros ago, who, status, pitch, velocity]. */
export interface Rejoin {
  t: "rejoin";
  at: number; // micros of the server's clock, from which is counted back
  strokes: (readonly [number, 0 | 1, number, number, number])[];
  timeline: readonly [number, number, number]; // micros of a quarter, micros ago of a bar line, ticks of a bar
  controls: Record<string, Value>;
  memo: Memo;
}

/** What an engine tells the next one of a room through its pages, beside bars and controls: they only pass it on. */
export interface Memo {
  chart?: readonly number[] | null; // micros at which a tick of its form is played, that tick, ticks that go round
  phrases?: Record<string, unknown>; // A and B
}

export interface Take {
  name: string;
  bytes: number;
  modified: number;
  seconds: number | null;
}
