import { describe, expect, it } from "vitest";
import { channelsInWords } from "../src/meters";

describe("channels in words", () => {
  it("tells those that were heard, and how", () => {
    expect(channelsInWords({})).toBe("No note came yet.");
    expect(channelsInWords({ 1: "keys", 10: "drums" })).toBe("Notes came on channel 1 (keys), 10 (drums).");
  });
});
