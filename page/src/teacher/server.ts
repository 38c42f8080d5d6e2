// What is asked of the studio.

import { get, post } from "../post";
import type { Message, Studio } from "./types";

export const studio = async (): Promise<Studio> => (await get("/teacher/rooms")) as Studio;

export const ask = (rooms: string[] | null, messages: Message[]): Promise<unknown> =>
  post("/teacher/ask", { rooms, messages });

export const record = (rooms: string[] | null, on: boolean): Promise<unknown> =>
  post("/teacher/record", { rooms, on });

export interface Invited {
  room: string;
  player: string;
  minutes: number;
  role: string; // "" for one of the player's choice
  steers: boolean; // may set the room's controls
}

/** A text that lets a player into one room for so many minutes. */
export const invitation = async (invited: Invited): Promise<string> =>
  ((await post("/teacher/invite", invited)) as { invitation: string }).invitation;
