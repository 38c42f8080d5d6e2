import { expect, it } from "vitest";
import { described, type Find, verdict } from "../src/finds";

const find: Find = {
  name: "2026-06-03 211500.mid",
  when: 1780000000,
  at: 62.4,
  seconds: 8,
  score: 0.9,
  shift: 0,
  pace: 1,
  who: "Player",
  same: true,
};

it("a phrase that was played before is said with its day, one that is only like it is not", () => {
  expect(verdict([{ ...find, same: false }, find], 12)).toMatch(/^You played this on .*2026.*\.$/);
  expect(verdict([{ ...find, same: false }], 12)).toBe("Not the same, but something like it:");
  expect(verdict([], 1)).toBe("Nothing similar in 1 recording.");
});

it("a place says where in the file it is and how it was moved", () => {
  expect(described(find)).toMatch(/2026.* · at 1:02 of it$/);
  expect(described({ ...find, shift: -1, pace: 1.2, who: "Model" })).toMatch(
    /at 1:02 of it · 1 semitone lower · slower · by the model$/,
  );
});
