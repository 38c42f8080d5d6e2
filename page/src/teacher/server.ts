// The two things that are asked of the studio.

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

export const ask = async (rooms: string[] | null, messages: Message[]): Promise<unknown> =>
  told(
    await fetch("/teacher/ask", {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ rooms, messages }),
    }),
  );
