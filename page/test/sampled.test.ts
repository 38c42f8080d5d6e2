import { GeneratorTypes as Gen } from "spessasynth_core";
import { describe, expect, it } from "vitest";
import { centsOf, secondsOf, shape } from "../src/sampled";

/** What a font says of a note, where it says something else than nothing. */
function saying(given: Partial<Record<keyof typeof Gen, number>>): Int16Array {
  const generators = new Int16Array(70);
  const usual = { scaleTuning: 100, overridingRootKey: -1, keyNum: -1, ...given };
  for (const [name, value] of Object.entries(usual)) generators[Gen[name as keyof typeof Gen]] = value;
  return generators;
}

/** A parameter that writes down what it is told. */
function written(): [AudioParam, [string, number, number][]] {
  const told: [string, number, number][] = [];
  const param = new Proxy({} as AudioParam, {
    get: (_, name) => (value: number, at: number) => void told.push([String(name), value, at]),
  });
  return [param, told];
}

describe("a note on a sound font", () => {
  it("is raised from its sample's own key, as the font tunes it", () => {
    const sample = { originalKey: 60, pitchCorrection: -5 };
    expect(centsOf(sample, saying({}), 69)).toBe(895);
    expect(centsOf(sample, saying({ overridingRootKey: 69, coarseTune: -1, fineTune: 7 }), 69)).toBe(-98);
    expect(centsOf(sample, saying({ keyNum: 72, scaleTuning: 50 }), 30)).toBe(595);
  });

  it("has times in timecents, of which the least is none", () => {
    expect(secondsOf(0)).toBe(1);
    expect(secondsOf(1200)).toBe(2);
    expect(secondsOf(-12_000)).toBe(0);
    expect(secondsOf(-32_768)).toBe(0);
  });

  it("that dies away is over when it is inaudible, and one that is held fades all the same", () => {
    const envelope = { delay: 0.1, attack: 0.2, hold: 0.3, decay: 4, sustain: 1000 };
    const [dying, told] = written();
    expect(shape(dying, envelope, 0.5, 10)).toBeCloseTo(14.6);
    expect(told.map(([, , at]) => at)).toEqual([...told.map(([, , at]) => at)].sort((a, b) => a - b));

    const [held, telling] = written();
    const ends = shape(held, { ...envelope, sustain: 60 }, 0.5, 10);
    expect(ends).toBeLessThan(60);
    const [name, level, at] = telling.at(-2) ?? ["", 0, 0];
    expect([name, at]).toEqual(["exponentialRampToValueAtTime", 10.1 + 0.2 + 0.3 + 0.24]);
    expect(20 * Math.log10(level / 0.5)).toBeCloseTo(-6);
    expect(telling.at(-1)?.slice(0, 2)).toEqual(["setTargetAtTime", 0]);
  });
});
