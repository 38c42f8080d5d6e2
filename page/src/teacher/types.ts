// What the studio tells a teacher.

import type { ToServer } from "../types";

export interface Room {
  room: string;
  players: { name: string; plays: boolean; role: string }[];
  levels: { players: number; model: number }; // 0..1
  muted: boolean; // all parts of the model
  mode: string | null;
  turn: string | null;
  tempo_bpm: number | null;
  key: string | null;
  chord: string | null;
  recorded: boolean;
  chart: string; // its title, "" for none
}

export interface Studio {
  rooms: Room[];
  modes: string[];
  charts: string[];
  roles: string[];
  token: string | null; // of the players; null where each needs an invitation
}

export type Message = Extract<ToServer, { t: "set" | "do" }>;
