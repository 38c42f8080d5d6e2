import { describe, expect, it } from "vitest";
import { digits, placeOf, range, tidy, valueAt, written } from "../src/knob";
import type { Control } from "../src/types";

const plain: Control = {
  name: "x",
  kind: "number",
  default: 0,
  help: "",
  low: 0,
  high: 1,
  choices: [],
  unit: "",
  whole: false,
  ratio: false,
};
const ratio: Control = { ...plain, low: 0.25, high: 4, ratio: true };
const tempo: Control = { ...plain, low: 30, high: 300, choices: ["auto"], unit: "BPM" };
const bars: Control = { ...plain, low: 1, high: 32, whole: true, unit: "bars" };
const shift: Control = { ...plain, kind: "text", low: -24, high: 24 };

describe("a knob", () => {
  it("gives back the value it was put to", () => {
    for (const control of [plain, ratio, tempo, bars]) {
      for (let step = 0; step <= 100; step += 1) {
        const value = valueAt(control, step / 100);
        const place = placeOf(control, value);
        expect(place).not.toBeNull();
        expect(valueAt(control, place as number)).toBe(value);
      }
    }
  });

  it("reaches both ends exactly, and no further", () => {
    for (const control of [plain, ratio, tempo, bars, shift]) {
      expect(valueAt(control, 0)).toBe(control.low);
      expect(valueAt(control, 1)).toBe(control.high);
      expect(tidy(control, control.high + 5)).toBe(control.high);
      expect(placeOf(control, control.low - 9)).toBe(0);
    }
  });

  it("multiplies by equal steps where the control is a ratio", () => {
    expect(valueAt(ratio, 0.5)).toBe(1);
    expect(placeOf(ratio, 2)).toBeCloseTo(0.75);
  });

  it("has no place for a word", () => {
    expect(placeOf(tempo, "auto")).toBeNull();
    expect(placeOf(shift, "48-84")).toBeNull();
    expect(placeOf(shift, "12")).toBe(0.75);
    expect(placeOf(shift, "-12")).toBe(0.25);
  });

  it("counts in whole numbers where the control does", () => {
    expect(valueAt(bars, 0.51)).toBe(17);
    expect(valueAt(shift, 0.76)).toBe(12);
    expect(digits(plain)).toBe(2);
    expect(digits(tempo)).toBe(0);
  });

  it("is written with its unit, and a word as it is", () => {
    expect(written(tempo, 104)).toBe("104 BPM");
    expect(written(tempo, "auto")).toBe("auto");
    expect(written(plain, 0.30000000000000004)).toBe("0.3");
    expect(range(tempo)).toBe("30 to 300 BPM, or auto");
  });
});
