// Which controls one reaches for while playing, and what the others are about.  Pure.

import type { Control } from "./types";

export const ESSENTIALS = ["mode", "style", "tempo", "sync", "scale", "parts", "density", "energy"];

const MORE: readonly (readonly [string, readonly string[]])[] = [
  ["Form", ["length", "trade", "start", "rest"]],
  ["Time", ["metre", "swing", "groove", "click", "count_in_bars"]],
  ["Pitch", ["register", "adherence"]],
  ["Character", ["follow", "theme", "temperature", "nucleus"]],
  ["The room", ["offset", "clock_out"]],
];

/** The essentials, label "", then the others in groups; a control that is new here stands in a group at the end. */
export function grouped(controls: readonly Control[]): [label: string, controls: Control[]][] {
  const table = [["", ESSENTIALS] as const, ...MORE];
  const placed = new Set(table.flatMap(([, names]) => names));
  const others = controls.map(({ name }) => name).filter((name) => !placed.has(name));
  return [...table, ["Others", others] as const]
    .map(([label, names]): [string, Control[]] => [
      label,
      names.flatMap((name) => controls.filter((control) => control.name === name)),
    ])
    .filter(([, found]) => found.length > 0);
}
