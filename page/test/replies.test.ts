import { describe, expect, it } from "vitest";
import { lineOf, unheard } from "../src/replies";
import { Store } from "../src/store";
import type { Reply } from "../src/types";

const reply = (number: number): Reply => ({ number, to: "tap", done: true, line: `Tap ${number}.` });

describe("a reply", () => {
  it("is told once, and not where it was given before this page came", () => {
    const store = new Store();
    const told: number[] = [];
    store.onReply(({ number }) => told.push(number));
    for (const number of [4, 5, 5, 6])
      store.take({ t: "state", now: 0, state: { reply: reply(number), held: number } });
    expect(told).toEqual([5, 6]);
  });

  it("that is the first of all is told", () => {
    const store = new Store();
    const told: number[] = [];
    store.onReply(({ number }) => told.push(number));
    store.take({ t: "state", now: 0, state: { reply: {} } });
    store.take({ t: "state", now: 0, state: { reply: reply(1) } });
    expect(told).toEqual([1]);
  });
});

describe("why a note was played", () => {
  it("is said once, by its card; that it is not known is said beside the commands", () => {
    const [told, unknown] = [true, false].map((done) => ({ number: 1, to: "why", done, line: "C5." }));
    expect([told, unknown].map((one) => lineOf(one as Reply))).toEqual(["", "C5."]);
    expect(lineOf(reply(3))).toBe("Tap 3.");
  });
});

describe("what is asked for where nobody hears it", () => {
  it("is said at once, save what the ports do without the model", () => {
    expect(unheard("again", "open", "alive")).toBe("");
    expect(unheard("again", "open", "dead")).toMatch(/started again/);
    expect(unheard("density", "open", "starting")).toMatch(/started again/);
    expect(unheard("panic", "open", "dead")).toBe("");
    for (const link of ["connecting", "lost", "full", "refused", "keyless"] as const)
      expect(unheard("panic", link, "alive")).toMatch(/no connection/);
  });
});
