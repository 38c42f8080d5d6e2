import { describe, expect, it } from "vitest";
import { Pedals } from "../src/pedals";

describe("a sustain pedal", () => {
  it("keeps notes whose keys come up until it comes up itself", () => {
    const pedals = new Pedals();
    expect(pedals.keeps(0, 60, 0)).toBe(false);
    expect(pedals.turn(0, 100)).toEqual([]);
    expect(pedals.keeps(0, 60, 80)).toBe(false);
    expect(pedals.keeps(0, 60, 0)).toBe(true);
    expect(pedals.keeps(1, 60, 0)).toBe(false); // another's
    expect(pedals.turn(0, 0)).toEqual([60]);
    expect(pedals.turn(0, 0)).toEqual([]);
    expect(pedals.keeps(0, 60, 0)).toBe(false);
  });

  it("ends no note whose key is down again", () => {
    const pedals = new Pedals();
    pedals.turn(0, 64);
    pedals.keeps(0, 60, 0);
    pedals.keeps(0, 60, 90);
    expect(pedals.turn(0, 63)).toEqual([]);
  });

  it("has nothing left to end once all was silenced", () => {
    const pedals = new Pedals();
    pedals.turn(0, 127);
    pedals.keeps(0, 60, 0);
    pedals.forget();
    expect(pedals.turn(0, 0)).toEqual([]);
    expect(pedals.keeps(0, 62, 0)).toBe(false);
  });
});
