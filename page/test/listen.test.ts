import { describe, expect, it } from "vitest";
import { strokesOf } from "../src/listen/excerpt";
import type { Trial } from "../src/listen/types";

const trial: Trial = {
  id: 0,
  call: [[0, 0.5, 60, 80]],
  first: [[0.5, 0.25, 62, 90]],
  second: [[0.5, 0.25, 64, 90]],
  answer_at: 0.5,
  lasts: 1,
  said: {},
};

describe("an excerpt of a listening test", () => {
  it("is the same call, then the answer of the side that was asked for", () => {
    const pitches = (side: "first" | "second"): number[] =>
      strokesOf(trial, side)
        .filter(({ velocity }) => velocity > 0)
        .map(({ pitch }) => pitch);

    expect(pitches("first")).toEqual([60, 62]);
    expect(pitches("second")).toEqual([60, 64]);
  });

  it("sounds the same whoever answers", () => {
    const parts = (side: "first" | "second"): string[] => strokesOf(trial, side).map(({ part }) => part);

    expect(parts("first")).toEqual(parts("second"));
  });

  it("lets a key go before it is struck again", () => {
    const again = { ...trial, first: [[0.5, 0.25, 60, 90]] } as Trial;

    expect(strokesOf(again, "first").map(({ at, velocity }) => [at, velocity > 0])).toEqual([
      [0, true],
      [0.5, false],
      [0.5, true],
      [0.75, false],
    ]);
  });
});
