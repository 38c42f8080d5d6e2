// The two things that are asked of the server.

import { keepToken, keptToken, takeToken } from "../token";
import type { Question, Said, State } from "./types";

const token = takeToken() || keptToken();
keepToken(token);

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const told: unknown = await answer.json();
  if (!answer.ok) throw new Error((told as { error?: string }).error ?? "livegen refused");
  return told;
}

export const stateOf = async (judge: string): Promise<State> => (await post("/listen", { judge })) as State;

export const answer = (judge: string, trial: number, question: Question, said: Said): Promise<unknown> =>
  post("/listen/answer", { judge, trial, question, said });
