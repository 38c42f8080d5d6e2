// What a page without a socket asks of the server, with the token of its address.  A refusal is an error with its words.

import { keepToken, keptToken, takeToken } from "./token";

const token = takeToken() || keptToken();
keepToken(token);
const authorization = `Bearer ${token}`;

async function told(answer: Response): Promise<unknown> {
  const body: unknown = await answer.json();
  if (!answer.ok) throw new Error((body as { error?: string }).error ?? "livegen refused");
  return body;
}

export const get = async (path: string): Promise<unknown> =>
  told(await fetch(path, { headers: { authorization } }));

export const post = async (path: string, body: object): Promise<unknown> =>
  told(
    await fetch(path, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
