// What is asked of the studio.

import { get, post } from "../post";
import type { Message, Studio } from "./types";

export const studio = async (): Promise<Studio> => (await get("/teacher/rooms")) as Studio;

export const ask = (rooms: string[] | null, messages: Message[]): Promise<unknown> =>
  post("/teacher/ask", { rooms, messages });

/** A text that lets a player into one room for so many minutes. */
export const invitation = async (room: string, player: string, minutes: number): Promise<string> =>
  ((await post("/teacher/invite", { room, player, minutes })) as { invitation: string }).invitation;
