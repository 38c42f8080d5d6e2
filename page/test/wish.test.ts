import { expect, it } from "vitest";
import { remark, shown } from "../src/wish";

it("what a wish set stands there by control and value, a chart without its text", () => {
  const sets = { tempo: 66, style: "folk_waltz", density: 0.6667, chart: "| C |\n" };

  expect(shown({ sets, unknown: [] })).toEqual(["tempo 66", "style folk waltz", "density 0.67", "chart"]);
});

it("words that were not understood are named, and a wish for nothing is answered", () => {
  expect(remark({ sets: { tempo: 66 }, unknown: ["banana", "moon"] })).toBe("Not understood: banana, moon");
  expect(remark({ sets: { tempo: 66 }, unknown: [] })).toBe("");
  expect(remark({ sets: {}, unknown: [] })).toBe("No control can be set by these words.");
});
