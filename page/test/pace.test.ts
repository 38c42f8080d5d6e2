import { describe, expect, it } from "vitest";
import { type Bytes, Pace } from "../src/pace";

const CC = 0xb0;

/** A pace with a clock of its own, and what it sent. */
class Played {
  sent: Bytes[] = [];
  #now = 0;
  #timers: { at: number; act: () => void }[] = [];
  #pace = new Pace(
    (data) => this.sent.push(data),
    () => this.#now,
    (ms, act) => this.#timers.push({ at: this.#now + ms, act }),
  );

  take(...messages: Bytes[]): this {
    for (const data of messages) this.#pace.take(data);
    return this;
  }

  /** Lets time pass, timer by timer. */
  after(ms: number): this {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#now = next.at;
      next.act();
    }
    this.#now = until;
    return this;
  }
}

const sweep = (number: number, from: number, to: number, channel = 0): Bytes[] =>
  Array.from({ length: to - from + 1 }, (_, step) => [CC | channel, number, from + step]);

describe("the pace of an instrument", () => {
  it("changes nothing for a hand that turns one knob", () => {
    const turned = sweep(74, 0, 127);
    const played = new Played();
    for (const data of turned) played.take(data).after(10);

    expect(played.sent).toEqual(turned);
  });

  it("keeps every step of a short turn, for encoders that count", () => {
    const clicks: Bytes[] = Array.from({ length: 40 }, () => [CC, 16, 1]);

    expect(new Played().take(...clicks).sent).toEqual(clicks);
  });

  it("never exceeds what livegen takes, and ends at the last value of each knob", () => {
    const played = new Played();
    for (let round = 0; round < 4; round += 1)
      for (let value = 0; value < 128; value += 1)
        for (let knob = 0; knob < 8; knob += 1) played.take([CC, 20 + knob, value]).after(0.25);
    expect(played.sent.length).toBeLessThan(60 + 120 * 1.1);
    played.after(1000);

    for (let knob = 0; knob < 8; knob += 1)
      expect(played.sent.findLast(([, number]) => number === 20 + knob)).toEqual([CC, 20 + knob, 127]);
  });

  it("lets notes and programs through at once, after the values of their channel", () => {
    const played = new Played().take(...sweep(1, 0, 100), [0xe1, 5, 64], [0xe0, 9, 64]);
    const before = played.sent.length;
    played.take([0x90, 60, 80], [0xc1, 5]);

    expect(played.sent.slice(before)).toEqual([
      [CC, 1, 100],
      [0xe0, 9, 64],
      [0x90, 60, 80],
      [0xe1, 5, 64],
      [0xc1, 5],
    ]);
  });

  it("keeps what belongs together: a bank before its program, a value's two halves in order", () => {
    const played = new Played().take(
      ...sweep(1, 0, 127),
      [CC, 0, 2],
      [CC, 32, 3],
      [CC, 7, 1],
      [CC, 39, 9],
      [0xc0, 5],
    );

    expect(played.sent.slice(-5)).toEqual([
      [CC, 0, 2],
      [CC, 32, 3],
      [CC, 7, 1],
      [CC, 39, 9],
      [0xc0, 5],
    ]);
  });

  it("never gives one parameter the value of another", () => {
    const played = new Played();
    for (let value = 0; value < 100; value += 1)
      for (const parameter of [5, 9])
        played.take([CC, 99, 1], [CC, 98, parameter], [CC, 6, parameter * 10], [CC, 38, value]).after(1);
    played.after(1000);

    let chosen = 0;
    for (const [, number, value] of played.sent) {
      if (number === 98) chosen = value as number;
      if (number === 6) expect(value).toBe(chosen * 10);
    }
    expect(chosen).toBeGreaterThan(0);
    expect(played.sent.at(-1)).toEqual([CC, 38, 99]);
  });

  it("says which parameter only where that is another", () => {
    const played = new Played();
    for (const value of [1, 2]) played.take([CC, 99, 0], [CC, 98, 7], [CC, 6, value]).after(10);

    expect(played.sent).toEqual([
      [CC, 99, 0],
      [CC, 98, 7],
      [CC, 6, 1],
      [CC, 6, 2],
    ]);
  });
});
