// Scales as a root and a kind: their names for people, and what livegen is told.  Pure.

import type { Group, Option } from "./picker";

export const PLAYED = "played";
export const OFF = "off";

/** Pitch classes from C, each with what livegen is told and what a musician calls it. */
export const ROOTS: readonly Option[] = [
  ["C", "C"],
  ["C#", "C♯ / D♭"],
  ["D", "D"],
  ["Eb", "E♭ / D♯"],
  ["E", "E"],
  ["F", "F"],
  ["F#", "F♯ / G♭"],
  ["G", "G"],
  ["Ab", "A♭ / G♯"],
  ["A", "A"],
  ["Bb", "B♭ / A♯"],
  ["B", "B"],
];

export const SOURCES: readonly Group[] = [
  {
    label: "",
    options: [
      [PLAYED, "The key you play in"],
      [OFF, "No scale: all notes"],
    ],
  },
  { label: "Always this root", options: ROOTS },
];

const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  ["", ["major", "minor", "blues", "major pentatonic", "minor pentatonic"]],
  ["Minor, otherwise", ["harmonic minor", "melodic minor"]],
  ["Modes", ["ionian", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian"]],
];
const SAME: Record<string, string> = { pentatonic: "major pentatonic" };

/** The kinds that livegen knows, in groups; one that is new here stands among the others. */
export function kindGroups(kinds: readonly string[]): Group[] {
  const known = GROUPS.flatMap(([, names]) => names);
  const others = kinds.filter((kind) => !known.includes(kind) && !(kind in SAME));
  return [...GROUPS, ["Others", others] as const]
    .map(([label, names]) => ({ label, options: names.filter((name) => kinds.includes(name)).map(option) }))
    .filter((group) => group.options.length > 0);
}

const option = (kind: string): Option => [kind, kind.charAt(0).toUpperCase() + kind.slice(1)];

export interface Scale {
  root: string;
  kind: string;
}

const PITCHES: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** A scale that livegen told; null for "played", "off" and what is none. */
export function scaleOf(text: string): Scale | null {
  const found = /^([A-Ga-g])([#♯b♭]?)\s+(.+)$/.exec(text.trim());
  if (found === null) return null;
  const [, letter = "", sign = "", name = ""] = found;
  const shift = sign === "" ? 0 : "#♯".includes(sign) ? 1 : -1;
  const pitch = ((PITCHES[letter.toUpperCase()] ?? 0) + shift + 12) % 12;
  const kind = name.toLowerCase().replace(/\s+/g, " ");
  return { root: ROOTS[pitch]?.[0] ?? "C", kind: SAME[kind] ?? kind };
}
