import { describe, expect, it } from "vitest";
import { Metronome } from "../src/metronome";
import { NoteTape } from "../src/notes";
import type { EngineState } from "../src/types";

const BEAT = 500_000;
const FOUR: EngineState = { leader: "internal", timeline: [BEAT, 0, 96] };

/** What is clicked in two bars, as [is the one, due in beats]; the state may change as time goes. */
function clicked(state: (now: number) => EngineState, tape = new NoteTape()): [boolean, number][] {
  const clicks: [boolean, number][] = [];
  let now = 0;
  const metronome = new Metronome(
    () => state(now),
    tape,
    (isOne, inSeconds) => clicks.push([isOne, Math.round((100 * (now + inSeconds * 1e6)) / BEAT) / 100]),
  );
  metronome.isOn = true;
  for (now = BEAT / 2; now < 8 * BEAT; now += 37_000) metronome.step(now);
  return clicks;
}

describe("the page's metronome", () => {
  it("clicks once on each beat, another way on the one", () => {
    expect(clicked(() => FOUR)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((beat) => [beat % 4 === 0, beat]));
    expect(clicked(() => ({ ...FOUR, timeline: [BEAT, 0, 72] })).filter(([isOne]) => isOne)).toEqual([
      [true, 3],
      [true, 6],
    ]);
  });

  it("follows a tempo that moves without clicking a beat twice", () => {
    const moving = (now: number): EngineState => ({ ...FOUR, timeline: [BEAT, now / 200, 96] });
    expect(clicked(moving)).toHaveLength(8);
  });

  it("is off by default, and silent where nothing is counted or livegen clicks itself", () => {
    const clicks: boolean[] = [];
    new Metronome(
      () => FOUR,
      new NoteTape(),
      (isOne) => clicks.push(isOne),
    ).step(0);
    expect(clicks).toEqual([]);
    expect(clicked(() => ({ ...FOUR, leader: "free", tempo_sure: 1 }))).toEqual([]); // nobody plays
    expect(clicked(() => ({ ...FOUR, controls: { click: "on" } }))).toEqual([]);
    expect(clicked(() => ({ leader: "internal" }))).toEqual([]);
  });

  it("clicks in a player's own time once its tempo is known", () => {
    const tape = new NoteTape();
    tape.take([0, 1, 0x90, 60, 80]);
    expect(clicked(() => ({ ...FOUR, leader: "free", tempo_sure: 0.2 }), tape)).toEqual([]);
    expect(clicked(() => ({ ...FOUR, leader: "free", tempo_sure: 0.9 }), tape)).toHaveLength(8);
  });
});
