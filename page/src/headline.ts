// Whose turn it is, in words: one pure function of all that is known.  Knows neither the page nor the time.

import { nameOf } from "./keymap";
import type { EngineState, ModeWords } from "./types";
import type { Status } from "./wire";

export type Who = "nobody" | "you" | "model" | "both" | "away";
export type Headline = readonly [words: string, who: Who];

export interface Known {
  link: Status;
  engine: EngineState["engine"];
  mode: ModeWords;
  turn: string | undefined; // as the engine calls it
  plays: boolean; // you: a key is held, or the rest after the last one is not over
  waitsFor: readonly number[]; // pitches of keys that are held after all others have rested
  coming: boolean; // the model is about to begin
  waitsForClock: boolean; // told to keep to a clock that does not run
}

const UNLINKED: Record<Exclude<Status, "open">, Headline> = {
  connecting: ["Connecting …", "away"],
  lost: ["Not connected", "away"],
  full: ["Too many pages", "away"],
  refused: ["No access", "away"],
  keyless: ["No access", "away"],
};

const MODEL: Headline = ["Model plays", "model"];
const BOTH: Headline = ["Together", "both"];

// Until the modes are known.
const UNKNOWN: ModeWords = {
  waiting: "Your move",
  listening: "Your move",
  playing: "You play",
  needs_clock: true,
  yields: true,
  is_beside: false,
};
const REST_US = 1_000_000; // a note that ends a phrase may be held so long after the rest that ends it

/** Whose turn it is: nothing is said of the music while the connection or the model is away. */
export function headline(known: Known): Headline {
  if (known.link !== "open") return UNLINKED[known.link];
  if (known.engine === "dead") return ["Model restarts", "away"];
  if (known.engine !== "alive" || known.turn === undefined) return ["Model is loading", "away"];
  switch (known.turn) {
    case "responding":
      return MODEL;
    case "looping":
      return known.plays ? ["You play over the loop", "both"] : ["Loop", "model"];
    case "together":
      return known.waitsForClock ? yours(known) : known.plays ? BOTH : MODEL;
    default:
      return yours(known);
  }
}

/** The player's turn, or nobody's. */
function yours({ mode, turn, plays, waitsFor, coming, waitsForClock }: Known): Headline {
  if (plays && mode.playing === BOTH[0]) return BOTH;
  if (plays) return [waitsFor.length > 0 ? `You hold ${keys(waitsFor)}` : mode.playing, "you"];
  if (waitsForClock && mode.needs_clock) return ["Waiting for the clock", "nobody"];
  if (coming) return ["Model comes in", "model"];
  return [turn === "waiting" ? mode.waiting : mode.listening, "nobody"];
}

const keys = (pitches: readonly number[]): string =>
  pitches.length > 2 ? `${pitches.length} keys` : pitches.map(nameOf).join(" ");

/** What a state of the engine's says of it, at a time. */
export function knownOf(
  state: EngineState,
  modes: Readonly<Record<string, ModeWords>> | undefined,
  link: Status,
  now: number,
): Known {
  return {
    link,
    engine: state.engine,
    mode: modes?.[state.mode ?? ""] ?? UNKNOWN,
    turn: state.turn,
    plays: (state.held ?? 0) > 0 || now < (state.rest_at ?? 0),
    waitsFor: now > (state.rest_at ?? now) + REST_US ? (state.waits_for ?? []) : [],
    coming: state.coming ?? false,
    waitsForClock: state.controls?.["sync"] === "clock" && state.leader !== "clock",
  };
}
