// What is asked of the studio.

import { keepToken, keptToken, takeToken } from "../token";
import type { Message, Studio } from "./types";

const token = takeToken() || keptToken();
keepToken(token);

async function told(answer: Response): Promise<unknown> {
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error((body as { error?: string }).error ?? "the studio refused");
  return body;
}

const authorization = `Bearer ${token}`;

export const studio = async (): Promise<Studio> =>
  (await told(await fetch("/teacher/rooms", { headers: { authorization } }))) as Studio;

const post = async (path: string, body: object): Promise<unknown> =>
  told(
    await fetch(path, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );

export const ask = (rooms: string[] | null, messages: Message[]): Promise<unknown> =>
  post("/teacher/ask", { rooms, messages });

/** A text that lets a player into one room for so many minutes. */
export const invitation = async (room: string, player: string, minutes: number): Promise<string> =>
  ((await post("/teacher/invite", { room, player, minutes })) as { invitation: string }).invitation;
