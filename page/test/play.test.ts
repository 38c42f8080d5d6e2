import { describe, expect, it } from "vitest";
import { isBlack, KEY_OFFSETS, letterOf, nameOf, pitchOf } from "../src/keymap";
import { DAWS } from "../src/routing";
import { isTaken } from "../src/webmidi";

describe("computer keys", () => {
  it("lie as on a piano: the middle row is white", () => {
    const middle = ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"];
    for (const code of Object.keys(KEY_OFFSETS).filter((one) => one.startsWith("Key"))) {
      expect(isBlack(pitchOf(code, 60) as number)).toBe(!middle.includes(code));
    }
    expect(letterOf(0)).toBe("A");
  });

  it("give no pitch beyond MIDI's", () => {
    expect(pitchOf("KeyA", 120)).toBe(120);
    expect(pitchOf("KeyP", 120)).toBeNull();
    expect(pitchOf("Enter", 60)).toBeNull();
    expect(nameOf(60)).toBe("C4");
  });
});

describe("what livegen takes from a MIDI input", () => {
  it("is whatever belongs to a channel", () => {
    const taken = [
      [0x90, 60, 80],
      [0x80, 60, 0],
      [0xa0, 60, 3],
      [0xb0, 64, 127],
      [0xbf, 74, 5],
      [0xb0, 123, 0],
      [0xc0, 5],
      [0xd0, 9],
      [0xe0, 0, 64],
    ];
    for (const data of taken) expect(isTaken(Uint8Array.from(data))).toBe(true);
  });

  it("is no clock, no system message and nothing that is broken", () => {
    const left = [
      [0xf8],
      [0xf0, 1, 0xf7],
      [0xf2, 0, 0],
      [0x90, 60],
      [0xc0, 5, 5],
      [0x90, 60, 200],
      [60, 60, 60],
      [],
    ];
    for (const data of left) expect(isTaken(Uint8Array.from(data))).toBe(false);
  });
});

describe("the guide", () => {
  it("has three sentences for every DAW and says what one should see", () => {
    for (const daw of DAWS) {
      expect(daw.steps.length).toBe(3);
      for (const step of [...daw.steps, daw.see]) expect(step.endsWith(".")).toBe(true);
    }
  });
});
