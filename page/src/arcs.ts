// Why a note was played, as livegen tells it: read, found on the roll, drawn as arcs.  Pure.

import { DRUMS, drumRow, rowHeight, type View, xOf, yOf } from "./roll";
import type { Note } from "./notes";
import type { Told } from "./types";

/** A note that was taken up; `nats` say how much it counts. */
export interface Arc {
  who: 0 | 1;
  at: number;
  channel: number;
  pitch: number;
  nats: number;
}

export interface Explained {
  at: number;
  channel: number;
  pitch: number;
  arcs: Arc[];
  others: { pitch: number; chance: number }[];
  told: Told;
}

/** What was told; null where nothing was yet. */
export function explained(told: Told | Record<string, never> | undefined): Explained | null {
  if (told === undefined || !("note" in told)) return null;
  const { at, channel, pitch, took_up, others } = told as Told;
  const arcs = chunks(took_up, 5).map(([who, since, on, of, nats]) => ({
    who: who === 0 ? (0 as const) : (1 as const),
    at: since ?? 0,
    channel: on ?? 0,
    pitch: of ?? 0,
    nats: nats ?? 0,
  }));
  const odds = chunks(others, 2).map(([of, chance]) => ({ pitch: of ?? 0, chance: chance ?? 0 }));
  return { at, channel, pitch, arcs, others: odds, told: told as Told };
}

function chunks(flat: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.floor(flat.length / size) }, (_, at) =>
    flat.slice(at * size, (at + 1) * size),
  );
}

const REACH = 14; // pixels around a note that still are that note, for a finger

/** The model's note at a place of the roll; of several the one whose beginning is nearest.  `drumY` says where a row is. */
export function noteAt(
  view: View,
  notes: readonly Note[],
  x: number,
  y: number,
  drumY: (row: number) => number,
  now: number,
): Note | null {
  let nearest: Note | null = null;
  let least = Infinity;
  for (const note of notes) {
    if (note.who !== 1) continue;
    const from = xOf(view, note.on);
    const to = note.channel === DRUMS ? from : Math.max(from, xOf(view, note.off ?? now));
    const middle =
      note.channel === DRUMS ? drumY(drumRow(note.pitch)) : yOf(view, note.pitch) + rowHeight(view) / 2;
    const beside = Math.max(from - x, x - to, 0);
    const apart = Math.hypot(beside, Math.max(0, Math.abs(y - middle) - rowHeight(view) / 2));
    if (apart > REACH) continue;
    const place = apart * 1000 + Math.abs(from - x);
    if (place < least) [nearest, least] = [note, place];
  }
  return nearest;
}

/** How thick an arc is drawn: what makes the note e times likelier is half as thick again as what makes no odds. */
export const thickness = (nats: number): number => 1.5 + 1.5 * Math.min(3, Math.max(0, nats));

/** How far back the roll has to reach for all arcs to be seen, in micros, from its usual reach up to its most. */
export function reach(shown: Explained | null, now: number, usual: number, most: number): number {
  if (shown === null) return usual;
  const first = Math.min(shown.at, ...shown.arcs.map((arc) => arc.at));
  return Math.min(most, Math.max(usual, now - first + 1_000_000));
}
