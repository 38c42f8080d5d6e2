import { describe, expect, it } from "vitest";
import { headline, type Known, knownOf } from "../src/headline";

const LINKS = ["connecting", "open", "lost", "full", "refused", "keyless"] as const;
const ENGINES = [undefined, "starting", "alive", "dead"] as const;
const USUAL = {
  waiting: "Your move",
  listening: "Your move",
  playing: "You play",
  needs_clock: true,
  is_beside: false,
  yields: true,
};
const TRADE = { ...USUAL, listening: "Your bars" };
const HARMONISE = { ...USUAL, playing: "Together", needs_clock: false };
const LISTEN = { ...USUAL, waiting: "Model listens", listening: "Model listens", needs_clock: false };
const MODES = [USUAL, TRADE, HARMONISE, LISTEN];
const TURNS = [undefined, "waiting", "listening", "responding", "together", "looping"];
const EITHER = [false, true];
const HELD = [[], [48], [48, 61, 63]] as const;

function* everything(): Generator<Known> {
  for (const link of LINKS)
    for (const engine of ENGINES)
      for (const mode of MODES)
        for (const turn of TURNS)
          for (const plays of EITHER)
            for (const waitsFor of HELD)
              for (const coming of EITHER)
                for (const waitsForClock of EITHER)
                  yield { link, engine, mode, turn, plays, waitsFor, coming, waitsForClock };
}

const isThere = (known: Known): boolean =>
  known.link === "open" && known.engine === "alive" && known.turn !== undefined;
const modelSounds = ({ turn, mode, plays, waitsForClock }: Known): boolean =>
  turn === "responding" ||
  turn === "looping" ||
  (turn === "together" && !waitsForClock) ||
  (mode === HARMONISE && plays);

/** All that breaks a promise; of all combinations only those are shown. */
const broken = (holds: (known: Known, words: string, who: string) => boolean): Known[] =>
  [...everything()].filter((known) => !holds(known, ...headline(known)));

describe("the headline, over all that can be known at once", () => {
  it("says something short, everywhere", () => {
    expect(broken((_, words) => words.length > 3 && words.length < 24)).toEqual([]);
  });

  it("says that the connection is gone, and nothing of the music, where it is", () => {
    const gone = /^(Connecting …|Not connected|Too many pages|No access)$/;
    expect(broken(({ link }, words) => gone.test(words) === (link !== "open"))).toEqual([]);
    expect(broken(({ link }, _, who) => link === "open" || who === "away")).toEqual([]);
  });

  it("says that the model restarts or loads, and nothing of the music, where it is", () => {
    const gone = /^Model (restarts|is loading)$/;
    expect(broken((known, words) => gone.test(words) === (known.link === "open" && !isThere(known)))).toEqual(
      [],
    );
    expect(
      broken(
        ({ link, engine }, words) => (words === "Model restarts") === (link === "open" && engine === "dead"),
      ),
    ).toEqual([]);
    expect(broken((known, _, who) => (who === "away") === !isThere(known))).toEqual([]);
  });

  it("names the keys that keep the model from answering", () => {
    const known = { link: "open", engine: "alive", mode: USUAL, turn: "listening", plays: true } as const;
    const held = (waitsFor: readonly number[]): string =>
      headline({ ...known, waitsFor, coming: false, waitsForClock: false })[0];
    expect(HELD.map(held)).toEqual(["You play", "You hold C3", "You hold 3 keys"]);
  });

  it("gives the player a part in it only while the player plays, and then always, save in the model's turn", () => {
    const tells = (words: string): boolean => /^You (play|hold)/.test(words) || words === "Together";
    expect(broken(({ plays }, words) => plays || !tells(words))).toEqual([]);
    expect(broken((_, words, who) => tells(words) === (who === "you" || who === "both"))).toEqual([]);
    const isYours = (known: Known): boolean => isThere(known) && known.plays && known.turn !== "responding";
    expect(broken((known, words) => !isYours(known) || tells(words))).toEqual([]);
  });

  it("says that the model plays just where it does, and that it comes in only where it will", () => {
    const comes = "Model comes in";
    expect(
      broken(
        (known, words, who) =>
          !isThere(known) || words === comes || (who === "model" || who === "both") === modelSounds(known),
      ),
    ).toEqual([]);
    expect(broken(({ coming, plays }, words) => words !== comes || (coming && !plays))).toEqual([]);
  });

  it("invites nobody to a move where a clock is waited for, or where no answer will come", () => {
    const invites = (words: string): boolean => words.startsWith("Your");
    expect(broken(({ mode }, words) => !invites(words) || mode !== LISTEN)).toEqual([]);
    expect(
      broken(({ mode, waitsForClock }, words) => !invites(words) || !waitsForClock || mode === HARMONISE),
    ).toEqual([]);
    expect(
      broken(
        ({ waitsForClock, plays }, words) => words !== "Waiting for the clock" || (waitsForClock && !plays),
      ),
    ).toEqual([]);
    expect(broken(({ mode }, words) => words !== "Model listens" || mode === LISTEN)).toEqual([]);
  });
});

describe("what is known", () => {
  const state = { engine: "alive", mode: "harmonise", turn: "listening" } as const;

  it("is that the player plays while a key is held, and until the rest is over", () => {
    expect(knownOf({ ...state, held: 1 }, undefined, "open", 5).plays).toBe(true);
    expect(knownOf({ ...state, held: 0, rest_at: 10 }, undefined, "open", 9).plays).toBe(true);
    expect(knownOf({ ...state, held: 0, rest_at: 10 }, undefined, "open", 10).plays).toBe(false);
    expect(knownOf({ ...state, held: 0, rest_at: null }, undefined, "open", 0).plays).toBe(false);
  });

  it("is that a key is waited for a second after the rest that would have ended the phrase", () => {
    const holding = { ...state, held: 1, waits_for: [48], rest_at: 10 };
    expect(knownOf(holding, undefined, "open", 1_000_010).waitsFor).toEqual([]);
    expect(knownOf(holding, undefined, "open", 1_000_011).waitsFor).toEqual([48]);
  });

  it("is that a clock is waited for while it is to lead and does not", () => {
    const clock = { ...state, controls: { sync: "clock" } };
    expect(knownOf({ ...clock, leader: "free" }, undefined, "open", 0).waitsForClock).toBe(true);
    expect(knownOf({ ...clock, leader: "clock" }, undefined, "open", 0).waitsForClock).toBe(false);
    expect(knownOf({ ...state, leader: "free" }, undefined, "open", 0).waitsForClock).toBe(false);
  });
});
