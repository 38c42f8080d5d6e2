// Which bar it is, for people.  In the player's own time nobody counts while nobody plays, and the first note after a
// rest begins bar 1; a clock, Link and an own tempo count on.  Pure.

import type { NoteTape } from "./notes";
import { isCounted, place } from "./roll";
import type { EngineState } from "./types";

const EARLY = 1 / 8; // of a beat before a bar line: such a note was meant for it

/** How many bars come before bar 1, by the timeline's own count; null where nothing is counted. */
export function barsBefore(state: EngineState, tape: NoteTape, now: number): number | null {
  const { timeline } = state;
  if (timeline === undefined || !(timeline[0] > 0)) return null;
  if (state.leader !== "free") return 0;
  const since = tape.playedSince(now);
  if (since === null) return null;
  return place(timeline, since + timeline[0] * EARLY).bar - 1;
}

/** Bar and beat as they are shown: "2 · 3", or a dash. */
export function placeInWords(state: EngineState, tape: NoteTape, now: number): string {
  const before = barsBefore(state, tape, now);
  if (before === null || state.timeline === undefined) return "—";
  const { bar, beat } = place(state.timeline, now);
  return isCounted(bar - before) ? `${bar - before} · ${beat}` : "—";
}
