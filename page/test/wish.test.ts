import { expect, it } from "vitest";
import { remark, shown } from "../src/wish";

it("what a wish set stands there by control and value, a chart without its text", () => {
  const sets = { tempo: 66, style: "folk_waltz", density: 0.6667, chart: "| C |\n" };

  expect(shown({ sets, unknown: [], taken: [] })).toEqual([
    "tempo 66",
    "style folk waltz",
    "density 0.67",
    "chart",
  ]);
});

it("words that were not understood are named, and a wish for nothing is answered", () => {
  expect(remark({ sets: { tempo: 66 }, unknown: ["banana", "moon"], taken: [] })).toBe(
    "Not understood: banana, moon",
  );
  expect(remark({ sets: { tempo: 66 }, unknown: [], taken: [] })).toBe("");
  expect(remark({ sets: {}, unknown: [], taken: [] })).toBe("No control can be set by these words.");
});

it("a word that was taken for another is said with that", () => {
  const understood = {
    sets: { style: "folk" },
    unknown: ["moon"],
    taken: [["campfire", "folk"]] as [string, string][],
  };

  expect(remark(understood)).toBe("“campfire” was taken for “folk”. Not understood: moon");
});
