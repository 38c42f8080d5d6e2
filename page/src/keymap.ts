// Computer keys as a piano, as in the DAWs: the middle row is white, the row above black.  By place, not by letter.

export const KEY_OFFSETS: Record<string, number> = {
  KeyA: 0,
  KeyW: 1,
  KeyS: 2,
  KeyE: 3,
  KeyD: 4,
  KeyF: 5,
  KeyT: 6,
  KeyG: 7,
  KeyY: 8,
  KeyH: 9,
  KeyU: 10,
  KeyJ: 11,
  KeyK: 12,
  KeyO: 13,
  KeyL: 14,
  KeyP: 15,
  Semicolon: 16,
  Quote: 17,
};

export const OCTAVE_DOWN = "KeyZ";
export const OCTAVE_UP = "KeyX";
export const SOFTER = "KeyC";
export const LOUDER = "KeyV";

export const LOWEST_BASE = 0;
export const HIGHEST_BASE = 108;

/** The pitch of a key; null where it is none. */
export function pitchOf(code: string, base: number): number | null {
  const offset = KEY_OFFSETS[code];
  const pitch = offset === undefined ? -1 : base + offset;
  return pitch >= 0 && pitch <= 127 ? pitch : null;
}

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

export const nameOf = (pitch: number): string => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

export const isBlack = (pitch: number): boolean => [1, 3, 6, 8, 10].includes(pitch % 12);

/** The letter on the key, for the hint on the screen. */
export function letterOf(offset: number): string {
  const code = Object.keys(KEY_OFFSETS).find((one) => KEY_OFFSETS[one] === offset) ?? "";
  return code.startsWith("Key") ? code.slice(3) : ({ Semicolon: ";", Quote: "'" }[code] ?? "");
}
