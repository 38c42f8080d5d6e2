// The charts over HTTP: what there is, one by its name, what a text says, and saving.  Knows no elements.

/** A chart that can be named; `error` where its file cannot be read. */
export interface Listed {
  name: string;
  title: string;
  own: boolean;
  error?: string;
}

/** A bar as it is written: `text` has its chords as "C . F G!", the rest its signs. */
export interface Bar {
  text: string;
  section?: string;
  opens?: boolean; // |:
  times?: number; // of the repeat that closes behind it
  ending?: string; // "1" or "1,2"
  signs?: string[]; // "segno", "to coda", "D.S. al coda"
  metre?: string; // another one from here on
  pickup?: boolean;
}

/** A chart as it was read; `text` is what the engine plays, `name` that of a chart that says the same. */
export interface Sheet {
  title: string;
  metre: string;
  tempo: number | null;
  style: string;
  key: string;
  bars: Bar[];
  text: string;
  name: string | null;
}

/** Why something was not done; `line` is that of the text, from 1, or 0. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly line: number,
    readonly isTaken: boolean,
  ) {
    super(message);
  }
}

const TAKEN = 409;

export class Library {
  constructor(private readonly token: () => string) {}

  list(): Promise<Listed[]> {
    return this.#ask("/charts");
  }

  /** The text of a chart as a person edits it. */
  async text(name: string): Promise<string> {
    return (await this.#ask<{ text: string }>(`/charts/${encodeURIComponent(name)}`)).text;
  }

  /** A text as it sounds, so many semitones higher. */
  read(text: string, transpose = 0): Promise<Sheet> {
    return this.#ask("/chart", { text, transpose });
  }

  /** A file of any format that livegen reads. */
  readFile(base64: string): Promise<Sheet> {
    return this.#ask("/chart/file", { base64 });
  }

  /** The name that it got. */
  async save(name: string, text: string, replace: boolean): Promise<string> {
    return (await this.#ask<{ name: string }>("/charts", { name, text, replace })).name;
  }

  async #ask<T>(path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.token()}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const post = { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(path, body === undefined ? { headers } : post).catch(() => null);
    const told = ((await answer?.json().catch(() => null)) ?? {}) as { error?: string; line?: number };
    if (answer?.ok && told.error === undefined) return told as T;
    throw new Refusal(told.error ?? "livegen does not answer", told.line ?? 0, answer?.status === TAKEN);
  }
}

/** What went wrong, for a person. */
export const complaint = (error: unknown): string => (error instanceof Error ? error.message : String(error));
