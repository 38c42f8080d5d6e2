import { describe, expect, it } from "vitest";
import { explained, noteAt, reach, thickness } from "../src/arcs";
import type { Note } from "../src/notes";
import { rowHeight, type View, xOf, yOf } from "../src/roll";
import type { Told } from "../src/types";
import { percent } from "../src/why";

const view: View = { from: 0, to: 12_000_000, low: 48, high: 71, width: 1200, height: 240 };
const told: Told = {
  at: 9_000_000,
  channel: 0,
  pitch: 64,
  part: "lead",
  note: "E4",
  who: "network",
  because: "the music that the model learned from often goes on like this",
  seen: "It takes up 2 notes that were heard, without which it would be 3.0 times less likely.",
  chance: 0.4,
  others: [62, 0.3, 60, 0.1],
  network: 0.35,
  added: { scale: 0.1 },
  took_up: [0, 1_000_000, 0, 64, 1.2, 1, 8_000_000, 0, 67, 0.2],
  without: 3,
};
const note = (who: 0 | 1, on: number, pitch: number, channel = 0): Note => ({
  who,
  channel,
  pitch,
  velocity: 80,
  on,
  off: on + 500_000,
});
const drumY = (row: number): number => 260 + row * 15;
const middle = (pitch: number): number => yOf(view, pitch) + rowHeight(view) / 2;

describe("why a note was played", () => {
  it("is read from what livegen tells, and is nothing before that", () => {
    expect(explained(undefined)).toBeNull();
    expect(explained({})).toBeNull();
    const { arcs, others } = explained(told) ?? {};
    expect(arcs).toEqual([
      { who: 0, at: 1_000_000, channel: 0, pitch: 64, nats: 1.2 },
      { who: 1, at: 8_000_000, channel: 0, pitch: 67, nats: 0.2 },
    ]);
    expect(others).toEqual([
      { pitch: 62, chance: 0.3 },
      { pitch: 60, chance: 0.1 },
    ]);
  });

  it("is asked of the model's note under the pointer, also a finger beside it, and of none of yours", () => {
    const notes = [
      note(0, 1_000_000, 60),
      note(1, 5_000_000, 64),
      note(1, 5_200_000, 65),
      note(1, 6_000_000, 38, 9),
    ];
    const at = (micros: number, y: number): number | undefined =>
      noteAt(view, notes, xOf(view, micros), y, drumY, 0)?.pitch;
    expect(at(5_000_000, middle(64))).toBe(64);
    expect(at(5_400_000, middle(65))).toBe(65);
    expect(at(5_000_000, middle(63))).toBe(64);
    expect(at(1_000_000, middle(60))).toBeUndefined();
    expect(at(9_000_000, middle(64))).toBeUndefined();
    expect(at(6_000_000, drumY(3))).toBe(38);
  });

  it("lets the roll reach as far back as what was taken up, within bounds", () => {
    const shown = explained(told);
    expect(reach(null, 9_500_000, 8_000_000, 24_000_000)).toBe(8_000_000);
    expect(reach(shown, 9_500_000, 8_000_000, 24_000_000)).toBe(9_500_000);
    expect(reach(shown, 90_000_000, 8_000_000, 24_000_000)).toBe(24_000_000);
  });

  it("draws what counts more thicker, and says odds in whole percent", () => {
    expect(thickness(-1)).toBe(thickness(0));
    expect(thickness(2)).toBeGreaterThan(thickness(1));
    expect(thickness(99)).toBe(thickness(3));
    expect([percent(0.001), percent(0), percent(0.404), percent(1)]).toEqual([
      "< 1 %",
      "0 %",
      "40 %",
      "100 %",
    ]);
  });
});
