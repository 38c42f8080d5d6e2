import { describe, expect, it } from "vitest";
import { packed } from "../src/microphone";

describe("a piece of audio", () => {
  it("has its time, then its samples in 16 bits, none of them beyond the ends", () => {
    const view = new DataView(packed(1_234_567.5, Float32Array.of(0, 0.5, -1, 3)));
    expect(view.byteLength).toBe(16);
    expect(view.getFloat64(0, true)).toBe(1_234_567.5);
    expect([0, 1, 2, 3].map((at) => view.getInt16(8 + 2 * at, true))).toEqual([0, 16_384, -32_767, 32_767]);
  });
});
