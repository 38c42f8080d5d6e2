import { describe, expect, it } from "vitest";
import {
  AT_HAND,
  drumRow,
  DRUM_NAMES,
  eased,
  fitted,
  gridLines,
  place,
  rowHeight,
  seenAt,
  xOf,
  yOf,
  type View,
} from "../src/roll";

const NOW_AT = AT_HAND.behind / (AT_HAND.behind + AT_HAND.ahead);
const BEAT = 500_000;
const FOUR: [number, number, number] = [BEAT, 1_000_000, 96];
const view: View = { from: 0, to: 12_000_000, low: 48, high: 71, width: 1200, height: 240 };

describe("the roll", () => {
  it("keeps the line of now at one place while it runs", () => {
    for (const now of [9_000_000, 9_016_667, 123_456_789]) {
      const seen = { ...view, ...seenAt(now, false) };
      expect(xOf(seen, now)).toBeCloseTo(NOW_AT * view.width);
    }
  });

  it("stands still for readers who want less motion, with what is now always in sight", () => {
    const windows = new Set<number>();
    for (let now = 0; now < 4 * AT_HAND.behind; now += 100_000) {
      const { from, to } = seenAt(now, true);
      expect(now).toBeGreaterThanOrEqual(from);
      expect(now).toBeLessThan(to);
      windows.add(from);
    }
    expect(windows.size).toBe(4);
  });

  it("gives every pitch a row of its own, high ones on top", () => {
    expect(yOf(view, 71)).toBe(0);
    expect(yOf(view, 48) + rowHeight(view)).toBeCloseTo(view.height);
    expect(rowHeight(view)).toBe(10);
  });

  it("draws bars where bars are and beats between them", () => {
    expect(gridLines(FOUR, 1_000_000, 3_000_000)).toEqual([
      { micros: 1_000_000, bar: 1 },
      { micros: 1_500_000, bar: null },
      { micros: 2_000_000, bar: null },
      { micros: 2_500_000, bar: null },
      { micros: 3_000_000, bar: 2 },
    ]);
  });

  it("has seven eighths and bars before the first one", () => {
    const sevenEighths: [number, number, number] = [BEAT, 0, 84];
    const bars = gridLines(sevenEighths, -1_750_000, 1_750_000).filter((line) => line.bar !== null);
    expect(bars).toEqual([-1_750_000, 0, 1_750_000].map((micros, at) => ({ micros, bar: at })));
  });

  it("draws no grid where there is none, and never without end", () => {
    expect(gridLines([0, 0, 96], 0, 1e9)).toEqual([]);
    expect(gridLines([500_000, 0, 0], 0, 1e9)).toEqual([]);
    expect(gridLines([1, 0, 1], 0, 1e9).length).toBeLessThan(200);
  });

  it("knows bar and beat", () => {
    expect(place(FOUR, 1_000_000)).toEqual({ bar: 1, beat: 1, beats: 4 });
    expect(place(FOUR, 2_999_999)).toEqual({ bar: 1, beat: 4, beats: 4 });
    expect(place(FOUR, 999_999)).toEqual({ bar: 0, beat: 4, beats: 4 });
  });

  it("shows all pitches, and never fewer than two octaves and a half", () => {
    for (const pitches of [[60], [0, 127], [21, 24], [100, 108], []]) {
      const [low, high] = fitted(pitches);
      expect(high - low).toBeGreaterThanOrEqual(24);
      for (const pitch of pitches) expect(pitch >= low && pitch <= high).toBe(true);
    }
    expect(fitted([60, 64, 67])).toEqual(fitted([]));
  });

  it("arrives where it is going", () => {
    let at = 40;
    for (let frame = 0; frame < 120; frame += 1) at = eased(at, 60, 0.12);
    expect(at).toBe(60);
  });

  it("has a row for every drum", () => {
    for (let pitch = 0; pitch < 128; pitch += 1) expect(DRUM_NAMES[drumRow(pitch)]).toBeDefined();
    expect(DRUM_NAMES[drumRow(36)]).toBe("kick");
    expect(DRUM_NAMES[drumRow(42)]).toBe("hi-hat");
  });
});
