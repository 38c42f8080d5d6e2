// What a teacher's buttons ask the rooms for.  Knows no page.

import type { Message, Room } from "./types";

const PARTS = ["lead", "comp", "bass", "drums"];

export const mute = (on: boolean): Message[] =>
  PARTS.map((part) => ({ t: "set", name: `${part}_mute`, value: on ? "on" : "off" }));

export interface Wishes {
  mode: string; // "" for each room's own, as all of these
  tempo: string;
  chart: string;
}

/** The same for all rooms that are meant; what is left empty stays as it is. */
export const same = ({ mode, tempo, chart }: Wishes): Message[] => [
  ...(mode === "" ? [] : [{ t: "set", name: "mode", value: mode } as const]),
  ...(tempo === "" ? [] : [{ t: "set", name: "tempo", value: Number(tempo) } as const]),
  ...(chart === "" ? [] : [{ t: "set", name: "chart", value: chart } as const]),
];

export const START: Message = { t: "do", name: "count_in" };
export const STOP: Message = { t: "do", name: "stop" };
export const SILENCE: Message = { t: "do", name: "panic" };

/** The rooms that are chosen and still there; null for all. */
export const meant = (chosen: ReadonlySet<string>, rooms: readonly Room[]): string[] | null => {
  const there = rooms.map(({ room }) => room).filter((name) => chosen.has(name));
  return there.length > 0 ? there : null;
};
