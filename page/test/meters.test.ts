import { describe, expect, it } from "vitest";
import { channelsInWords, surpriseInFigures, surpriseInWords } from "../src/meters";

describe("channels in words", () => {
  it("tells those that were heard, and how", () => {
    expect(channelsInWords({})).toBe("No note came yet.");
    expect(channelsInWords({ 1: "keys", 10: "drums" })).toBe("Notes came on channel 1 (keys), 10 (drums).");
  });
});

describe("how surprising a note was", () => {
  it("is said without a figure, and the figure is kept for who asks", () => {
    for (const nats of [0, 0.2, 2, 3, 5, 9, 40]) {
      expect(surpriseInWords([[0, nats]])).toMatch(/^Your last note was [a-z ]+\.$/);
      expect(surpriseInFigures([[0, nats]])).toMatch(/^[0-9.]+ nats, one in [0-9]+$/);
    }
    expect(surpriseInFigures([])).toBe("");
  });
});
