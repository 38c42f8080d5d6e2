import { describe, expect, it } from "vitest";
import { LONGEST_PATH, named, places, stepped } from "../src/phrases";
import type { Dot } from "../src/types";

const dot = (number: number, x: number, y: number): Dot => [number, x, y, ""];

describe("the map of phrases", () => {
  it("fills its field, and has alike phrases near each other", () => {
    const [a, b, c] = places([dot(1, -2, 0), dot(2, -1.9, 1), dot(3, 2, 3)]);
    expect([a?.[0], c?.[0]]).toEqual([8, 92]);
    expect([a?.[1], c?.[1]]).toEqual([92, 8]);
    expect((b?.[0] ?? 0) - (a?.[0] ?? 0)).toBeLessThan(3);
  });

  it("has a single phrase in its middle, and the same phrase twice at one place", () => {
    expect(places([dot(1, 7, -3)])).toEqual([[50, 50]]);
    expect(places([dot(1, 7, -3), dot(2, 7, -3)])).toEqual([
      [50, 50],
      [50, 50],
    ]);
  });
});

describe("a phrase of the map", () => {
  it("is called by its number, or by what it is kept as", () => {
    expect([named(3, ""), named(3, "B"), named(3, "AB")]).toEqual(["3", "B", "A = B"]);
  });
});

describe("a path", () => {
  it("takes a phrase on, off again where it ends with it, and keeps the last five", () => {
    expect(stepped([1, 2], 3)).toEqual([1, 2, 3]);
    expect(stepped([1, 2], 2)).toEqual([1]);
    expect(stepped([1, 2], 1)).toEqual([1, 2, 1]);
    const long = Array.from({ length: LONGEST_PATH }, (_, at) => at);
    expect(stepped(long, 99)).toEqual([...long.slice(1), 99]);
  });
});
