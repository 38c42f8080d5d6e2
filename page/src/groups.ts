// Which controls one reaches for while playing, and what the others are about.  Pure.

import type { Control } from "./types";

export const ESSENTIALS = ["mode", "style", "tempo", "sync", "scale", "parts", "density", "energy"];

const MORE: readonly (readonly [string, readonly string[]])[] = [
  ["Form", ["length", "trade", "start", "rest"]],
  ["Time", ["metre", "swing", "quantise", "groove", "click", "count_in_bars"]],
  ["Pitch", ["transpose", "register", "adherence", "voices", "longest"]],
  [
    "Character",
    [
      "variation",
      "kit",
      "feel",
      "ritard",
      "follow",
      "theme",
      "memory",
      "adapt",
      "taste",
      "style_mix",
      "temperature",
      "nucleus",
    ],
  ],
  ["Output", ["offset", "clock_out"]],
];

/** What is told with "Your phrases": how far a variation goes, and how far from A to B. */
export const OF_PHRASES = ["distance", "restyle_by", "morph", "morph_by"];

// Of these more than a line of text is to be seen: they have a place of their own on the page.
const ELSEWHERE = ["chart", ...OF_PHRASES];

/** The mixer: the controls of each part, which have its name before their own; of all parts those with any. */
export function strips(
  controls: readonly Control[],
  parts: readonly string[],
): [part: string, controls: Control[]][] {
  return parts
    .map((part): [string, Control[]] => [part, controls.filter(({ name }) => name.startsWith(`${part}_`))])
    .filter(([, found]) => found.length > 0);
}

/**
 * The essentials, label "", then the others in groups; a control that is new here stands in a group at the end.  What
 * belongs to a part is in none of them.
 */
export function grouped(
  controls: readonly Control[],
  parts: readonly string[] = [],
): [label: string, controls: Control[]][] {
  const table = [["", ESSENTIALS] as const, ...MORE];
  const mixed = strips(controls, parts).flatMap(([, found]) => found.map(({ name }) => name));
  const placed = new Set([...ELSEWHERE, ...table.flatMap(([, names]) => names), ...mixed]);
  const others = controls.map(({ name }) => name).filter((name) => !placed.has(name));
  return [...table, ["Others", others] as const]
    .map(([label, names]): [string, Control[]] => [
      label,
      names.flatMap((name) => controls.filter((control) => control.name === name)),
    ])
    .filter(([, found]) => found.length > 0);
}
