import { expect, test } from "vitest";
import { tempoInWords } from "../src/readouts";

test("a tempo that livegen is not sure of is shown as a guess", () => {
  expect(tempoInWords({ tempo_bpm: 104.3, tempo_sure: 0.2 })).toBe("≈ 104");
  expect(tempoInWords({ tempo_bpm: 104.3, tempo_sure: 0.9 })).toBe("104");
});

test("a tempo that is told is shown as it is, and where there is none a dash", () => {
  expect(tempoInWords({ tempo_bpm: 88.24 })).toBe("88.2");
  expect(tempoInWords({})).toBe("—");
});
