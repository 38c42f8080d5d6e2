// Registers: the ranges that have names, and ranges of one's own.  Pure.

import type { Option } from "./picker";

export const OWN = "own";

/** What livegen is told, and what a musician calls it. */
export const REGISTERS: readonly Option[] = [
  ["call", "Near what you play"],
  ["-12", "An octave lower"],
  ["12", "An octave higher"],
  ["all", "All"],
  ["28-52", "Low"],
  ["48-72", "Middle"],
  ["72-96", "High"],
];

export const LOWEST = 21; // of a piano
export const HIGHEST = 108;

const PITCHES: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** A pitch from its number or its name, as livegen reads it (middle C is C4, 60); null for what is none. */
export function pitchOf(text: string): number | null {
  const found = /^(?:(\d{1,3})|([A-Ga-g])([#♯b♭]?)(-1|\d))$/.exec(text.trim());
  if (found === null) return null;
  const [, number, letter = "", sign = "", octave = ""] = found;
  if (number !== undefined) return Number(number);
  const shift = sign === "" ? 0 : "#♯".includes(sign) ? 1 : -1;
  return 12 * (Number(octave) + 1) + (PITCHES[letter.toUpperCase()] ?? 0) + shift;
}

/** A range that livegen told; null for a word and for a number of semitones. */
export function rangeOf(text: string): [low: number, high: number] | null {
  const found = /^\s*([^\s-][^\s-]*?(?:-1)?)\s*-\s*(\S+)\s*$/.exec(text);
  const [low, high] = [pitchOf(found?.[1] ?? ""), pitchOf(found?.[2] ?? "")];
  return low === null || high === null ? null : [low, high];
}

/** The one of the named registers that this is, `OWN` for another range, "" for another number of semitones. */
export function registerOf(text: string): string {
  const range = rangeOf(text);
  const plain = range === null ? text.trim() : `${range[0]}-${range[1]}`;
  if (REGISTERS.some(([value]) => value === plain)) return plain;
  return range === null ? "" : OWN;
}
