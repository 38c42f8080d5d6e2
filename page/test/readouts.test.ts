import { expect, test } from "vitest";
import { sureInWords, tempoInWords } from "../src/readouts";

test("a tempo that livegen is not sure of is shown as a guess", () => {
  expect(tempoInWords({ tempo_bpm: 104.3, tempo_sure: 0.2 })).toBe("≈ 104");
  expect(tempoInWords({ tempo_bpm: 104.3, tempo_sure: 0.9 })).toBe("104");
});

test("a tempo that is told is shown as it is, and where there is none a dash", () => {
  expect(tempoInWords({ tempo_bpm: 88.24 })).toBe("88.2");
  expect(tempoInWords({})).toBe("—");
});

test("says how sure the key is, and the runner-up where there is one to speak of", () => {
  const state = { key: "A minor", key_sure: 0.71, second_key: "C major", second_key_sure: 0.22 };
  expect(sureInWords(state)).toBe(" 71 %, or C major 22 %");
  expect(sureInWords({ ...state, key_sure: 0.97, second_key_sure: 0.02 })).toBe(" 97 %");
  expect(sureInWords({ ...state, key: "" })).toBe("");
  expect(sureInWords({})).toBe("");
});
