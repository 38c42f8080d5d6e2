import { describe, expect, it } from "vitest";
import { KEY_OFFSETS, LOUDER, OCTAVE_DOWN, OCTAVE_UP, SOFTER } from "../src/keymap";
import { isBound, sourcesByTarget } from "../src/learn";
import { commandOf, SHORTCUTS } from "../src/shortcuts";

const pressed = (code: string, more: Partial<KeyboardEvent> = {}): string =>
  commandOf({ code, key: code.slice(-1), ...more } as KeyboardEvent);

describe("the computer's keys of the commands", () => {
  it("are one each, and none is a key of the piano", () => {
    const digits = Object.values(SHORTCUTS);
    expect(new Set(digits).size).toBe(digits.length);
    const piano = [...Object.keys(KEY_OFFSETS), LOUDER, OCTAVE_DOWN, OCTAVE_UP, SOFTER];
    for (const code of piano) expect(pressed(code)).toBe("");
  });

  it("are the digits, in the row above the letters and on the number pad", () => {
    expect(pressed("Digit3")).toBe("again");
    expect(pressed("Digit3", { key: "”" })).toBe("again"); // a French keyboard
    expect(pressed("Numpad0")).toBe("stop");
    expect(pressed("Numpad1", { key: "End" })).toBe(""); // the number pad as arrows
    expect(pressed("Digit9")).toBe("count_in");
    expect(pressed("Digit1", { key: "!", shiftKey: true })).toBe("fill"); // cues
    for (const code of ["Space", "Enter", "Escape", "F3", "KeyQ"]) expect(pressed(code)).toBe("");
    expect(pressed("KeyB")).toBe("variation_a");
    expect(pressed("Comma", { key: "," })).toBe("variation_d");
    expect(pressed("Slash", { key: "-" })).toBe("why"); // a German keyboard
    expect(pressed("KeyB", { shiftKey: true })).toBe("");
  });

  it("mean nothing with another key that changes what they mean, and while held", () => {
    for (const held of ["ctrlKey", "metaKey", "altKey", "repeat", "isComposing"] as const)
      expect(pressed("Digit3", { [held]: true })).toBe("");
    expect(pressed("Digit0", { shiftKey: true })).toBe("");
  });
});

describe("what is bound", () => {
  const map = { "note 36 on 10": "again", "note 37": "stop", "cc 64": "again" };

  it("is told by what it does", () => {
    expect([...sourcesByTarget(map)]).toEqual([
      ["again", ["note 36 on 10", "cc 64"]],
      ["stop", ["note 37"]],
    ]);
  });

  it("is no music", () => {
    expect(isBound({ map }, [0x99, 36, 80])).toBe(true);
    expect(isBound({ map }, [0x90, 36, 80])).toBe(false);
    expect(isBound({ map }, [0x95, 37, 80])).toBe(true);
    expect(isBound({}, [0x90, 60, 80])).toBe(false);
    expect(isBound({ learning: "stop" }, [0x90, 60, 80])).toBe(true);
  });
});
