// Files over HTTP: recordings, tickets to fetch one, new names, the bin; the sound font.  Knows no elements.

import type { Take } from "./types";

const EXTENSION = ".mid";

export class Takes {
  constructor(private readonly token: () => string) {}

  async list(): Promise<Take[]> {
    return (await this.#ask("/recordings")).json() as Promise<Take[]>;
  }

  async bytes(name: string): Promise<ArrayBuffer> {
    return (await this.#ask(address(name))).arrayBuffer();
  }

  /** What is played of the sound font of this name, as this version of livegen cuts it. */
  async font(name: string, version: string): Promise<ArrayBuffer> {
    const query = new URLSearchParams({ version });
    return (await this.#ask(`/font/${encodeURIComponent(name)}?${query}`)).arrayBuffer();
  }

  /** The recording as a score: `svg`, `musicxml` or `pdf`. */
  async score(name: string, ending: string): Promise<Blob> {
    return (await this.#ask(`${address(name)}/${ending}`)).blob();
  }

  /** An address that gives the file once, to whoever asks: for a download or another program. */
  async ticket(name: string): Promise<string> {
    const answer = await this.#ask("/tickets", "POST", { name });
    const { url } = (await answer.json()) as { url: string };
    return new URL(url, location.href).href;
  }

  /** A name without its ending. */
  async rename(name: string, wanted: string): Promise<void> {
    await this.#ask(address(name), "POST", { rename: wanted });
  }

  /** The name it has in the bin, from which `restore` takes it back. */
  async bin(name: string): Promise<string> {
    const answer = await this.#ask(address(name), "DELETE");
    return ((await answer.json()) as { trashed: string }).trashed;
  }

  async restore(trashed: string): Promise<void> {
    await this.#ask(address(trashed), "POST", { restore: true });
  }

  async #ask(path: string, method = "GET", body?: object): Promise<Response> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token()}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const json = body === undefined ? null : JSON.stringify(body);
    const answer = await fetch(path, { method, headers, body: json });
    if (!answer.ok) throw new Error(await complaint(answer));
    return answer;
  }
}

async function complaint(answer: Response): Promise<string> {
  const said = (await answer.json().catch(() => ({}))) as { error?: string };
  return said.error ?? `livegen answered ${answer.status}`;
}

const address = (name: string): string => `/recordings/${encodeURIComponent(name)}`;

export const withoutExtension = (name: string): string =>
  name.endsWith(EXTENSION) ? name.slice(0, -EXTENSION.length) : name;
