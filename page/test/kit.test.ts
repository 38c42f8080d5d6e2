import { describe, expect, it } from "vitest";
import { drumOf } from "../src/kit";

describe("the click", () => {
  it("is short, and higher on the one", () => {
    const [one, beat] = [drumOf(76).head, drumOf(77).head];
    expect(one?.to).toBeGreaterThan(1.3 * (beat?.to ?? Infinity));
    expect(Math.max(one?.decay ?? 1, beat?.decay ?? 1)).toBeLessThan(0.05);
  });

  it("is no drum that a groove is played on", () => {
    for (const pitch of [36, 38, 37, 42, 46, 51]) expect(drumOf(pitch)).not.toBe(drumOf(76));
  });
});
