import { expect, test } from "vitest";
import { LastStrokes, lastBar } from "../src/rejoin";
import type { EngineState } from "../src/types";

const SECOND = 1_000_000;
const AHEAD = 50 * SECOND; // of the server's clock
const STATE: EngineState = { timeline: [500_000, AHEAD, 96], controls: { mode: "accompany" } };

const played = (): LastStrokes => {
  const last = new LastStrokes();
  last.greeted("blues", 7, {}, 0);
  last.take([0, AHEAD + 3 * SECOND, 0x90, 60, 80], AHEAD + 3 * SECOND, 3 * SECOND);
  last.take([1, AHEAD + 2 * SECOND, 0x92, 36, 90], AHEAD + 3 * SECOND, 3 * SECOND);
  last.take([0, AHEAD + 3 * SECOND, 0xb0, 64, 127], AHEAD + 3 * SECOND, 3 * SECOND);
  return last;
};

test("a room whose engine is new is told the last strokes in their order, the bars, the controls and the memo", () => {
  const memo = { chart: [AHEAD, 96, 0], phrases: {} };
  expect(played().greeted("blues", 8, { ...STATE, memo }, 5 * SECOND)).toEqual({
    t: "rejoin",
    at: AHEAD + 5 * SECOND,
    strokes: [
      [3 * SECOND, 1, 0x92, 36, 90],
      [2 * SECOND, 0, 0x90, 60, 80],
    ],
    timeline: [500_000, SECOND, 96],
    controls: { mode: "accompany" },
    memo,
  });
});

test("an engine that is the one of before is told nothing, nor is another room", () => {
  expect(played().greeted("blues", 7, STATE, 5 * SECOND)).toBeNull();
  expect(played().greeted("waltz", 8, STATE, 5 * SECOND)).toBeNull();
});

test("strokes of another room are forgotten", () => {
  const last = played();
  last.greeted("waltz", 8, STATE, 5 * SECOND);
  expect(last.greeted("waltz", 9, STATE, 5 * SECOND)?.strokes).toEqual([]);
});

test("a bar line is found before and after the tick from which bars are counted", () => {
  expect(lastBar([500_000, 10 * SECOND, 96], 13 * SECOND)).toEqual([500_000, SECOND, 96]);
  expect(lastBar([500_000, 10 * SECOND, 96], 9 * SECOND)).toEqual([500_000, SECOND, 96]);
});
