// Where things lie on the piano roll.  Pure: times in micros, pitches, and pixels.

import type { Timeline } from "./types";

export const TICKS_PER_BEAT = 24;

/** How much is seen, and how large: micros of what was and of what is planned, pitches at least, pixels at least. */
export interface Sight {
  behind: number;
  ahead: number;
  home: readonly [number, number]; // the pitches seen where those played lie within them
  narrowest: number;
  note: number; // thickness
  drum: number; // height of a drum's row
  text: number;
}

export const AT_HAND: Sight = {
  behind: 8_000_000,
  ahead: 4_000_000,
  home: [45, 81],
  narrowest: 30,
  note: 8,
  drum: 15,
  text: 13,
};

/** From three metres a note is seen that is 5 mm thick (19 pixels of 1/96 inch), and a letter read that is 7 mm high. */
export const FAR_AWAY: Sight = {
  behind: 5_000_000,
  ahead: 3_000_000,
  home: [55, 75],
  narrowest: 18,
  note: 20,
  drum: 30,
  text: 26,
};

export interface View {
  from: number; // micros at the left edge
  to: number; // and at the right one
  low: number; // pitch at the bottom, and at the top: fractions while it moves
  high: number;
  width: number;
  height: number; // of the pitches, without the drums below
}

/** The times seen at `now`.  Still: the picture stands for its whole width, and the line of now moves over it. */
export function seenAt(
  now: number,
  still: boolean,
  { behind, ahead }: Sight = AT_HAND,
): { from: number; to: number } {
  if (!still) return { from: now - behind, to: now + ahead };
  const from = Math.floor(now / behind) * behind;
  return { from, to: from + behind + ahead };
}

export const xOf = (view: View, micros: number): number =>
  ((micros - view.from) / (view.to - view.from)) * view.width;

export const rowHeight = (view: View): number => view.height / (view.high - view.low + 1);

/** The upper edge of a pitch's row. */
export const yOf = (view: View, pitch: number): number => (view.high - pitch) * rowHeight(view);

/** Bars are counted from where somebody began; before that they count from nothing that means anything. */
export const isCounted = (bar: number): boolean => bar > 0 && bar < 1000;

export interface GridLine {
  micros: number;
  bar: number | null; // its number from 1 where a bar begins
}

/** Lines of beats and bars within these micros, at most `most`. */
export function gridLines(timeline: Timeline, from: number, to: number, most = 96): GridLine[] {
  const [tempo, origin, barTicks] = timeline;
  if (!(tempo > 0) || !(barTicks > 0)) return [];
  const barUs = (tempo * barTicks) / TICKS_PER_BEAT;
  const beats = Math.max(1, Math.round(barTicks / TICKS_PER_BEAT));
  const lines: GridLine[] = [];
  for (let bar = Math.floor((from - origin) / barUs); lines.length < most; bar += 1) {
    const start = origin + bar * barUs;
    if (start > to) break;
    if (start >= from) lines.push({ micros: start, bar: bar + 1 });
    for (let beat = 1; beat < beats; beat += 1) {
      const at = start + beat * tempo;
      if (at >= from && at <= to && at < start + barUs) lines.push({ micros: at, bar: null });
    }
  }
  return lines;
}

/** Bar and beat at a time, from 1; how many beats a bar has. */
export function place(timeline: Timeline, now: number): { bar: number; beat: number; beats: number } {
  const [tempo, origin, barTicks] = timeline;
  const barUs = (tempo * barTicks) / TICKS_PER_BEAT;
  const bar = Math.floor((now - origin) / barUs);
  const beats = Math.max(1, Math.ceil(barTicks / TICKS_PER_BEAT));
  return { bar: bar + 1, beat: Math.min(beats, Math.floor((now - origin - bar * barUs) / tempo) + 1), beats };
}

/** The range that shows these pitches with some air, never narrower than the sight's narrowest. */
export function fitted(pitches: readonly number[], { home, narrowest }: Sight = AT_HAND): [number, number] {
  if (pitches.length === 0) return [...home];
  let low = Math.min(...pitches) - 3;
  let high = Math.max(...pitches) + 3;
  if (low >= home[0] && high <= home[1]) return [...home];
  const lack = Math.max(0, narrowest - (high - low));
  low = Math.max(0, low - lack / 2);
  high = Math.min(127, high + lack / 2);
  return [Math.floor(low), Math.ceil(high)];
}

/** A step of the way to where it shall be; `share` of it, and there at once when it is near. */
export const eased = (from: number, to: number, share: number): number =>
  Math.abs(to - from) < 0.02 ? to : from + (to - from) * share;

const DRUM_ROWS: readonly (readonly [string, readonly number[]])[] = [
  ["cymbals", [49, 51, 52, 53, 55, 57, 59]],
  ["hi-hat", [42, 44, 46]],
  ["toms", [41, 43, 45, 47, 48, 50]],
  ["snare", [37, 38, 39, 40]],
  ["kick", [35, 36]],
];
const ROW_OF = new Map(
  DRUM_ROWS.flatMap(([, pitches], row) => pitches.map((pitch) => [pitch, row] as const)),
);

export const DRUMS = 9; // channel 10
export const DRUM_NAMES = DRUM_ROWS.map(([name]) => name);

/** The row of a drum, 0 on top. */
export const drumRow = (pitch: number): number => ROW_OF.get(pitch) ?? 2;
