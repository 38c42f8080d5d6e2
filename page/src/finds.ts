// When you played this before: the phrase that was just played, looked for among the recordings.

import { button, el, say } from "./dom";
import type { Playback } from "./playback";
import { takeLink } from "./takelink";
import type { Takes } from "./takes";

/** A place in a recording: `when` in seconds since 1970, `at` and `seconds` in the file. */
export interface Find {
  name: string;
  when: number;
  at: number;
  seconds: number;
  score: number;
  shift: number;
  pace: number;
  who: string;
  same: boolean;
}

const SESSION = ".jsonl";
const BEFORE_S = 0.5; // heard before the place
const AFTER_S = 2; // and after it

export class Finds {
  #ask = button("Did I play this before?", () => void this.#find(), { class: "small" });
  #said = el("p", { class: "hint", role: "status" });
  #list = el("ul", { class: "takes", "aria-label": "Where you played it" });

  constructor(
    root: HTMLElement,
    private readonly takes: Takes,
    private readonly playback: Playback,
    private readonly token: () => string,
    private readonly saved: () => void,
  ) {
    this.#ask.title =
      "Play a phrase, then press: livegen looks for it in your recordings, in any key and at any tempo";
    root.append(this.#ask, this.#said, this.#list);
  }

  async #find(): Promise<void> {
    this.#ask.disabled = true;
    say(this.#said, "Looking through your recordings …");
    const { told, problem } = await this.#question<{ finds: Find[]; files: number }>("/find", {});
    this.#ask.disabled = false;
    this.#list.replaceChildren(...(told?.finds ?? []).map((find) => this.#row(find)));
    say(this.#said, told === null ? problem : verdict(told.finds, told.files));
  }

  async #question<T>(path: string, body: object): Promise<{ told: T | null; problem: string }> {
    const answer = await fetch(path, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.token()}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }).catch(() => null);
    const told = ((await answer?.json().catch(() => null)) ?? {}) as T & { error?: string };
    return answer?.ok
      ? { told, problem: "" }
      : { told: null, problem: told.error ?? "livegen does not answer." };
  }

  #row(find: Find): HTMLElement {
    const facts = el("span", { class: "hint" }, described(find));
    if (isSession(find)) {
      const save = button("Get as MIDI", () => void this.#save(find, row), {
        class: "small",
        "aria-label": `Save the place in ${find.name} as a MIDI file`,
      });
      const row = el(
        "li",
        {},
        el("span", { class: "take-name" }, find.name.replace(SESSION, "")),
        facts,
        save,
      );
      return row;
    }
    const link = takeLink(this.takes, find.name, (what, error) =>
      say(this.#said, `${what}: ${String(error)}`),
    );
    const play = button("Play", () => void this.#play(find), {
      class: "small",
      "aria-label": `Play the place in ${find.name}`,
    });
    return el("li", {}, link, facts, play);
  }

  /** What was only played in a session becomes a recording, and its row that of one. */
  async #save(find: Find, row: HTMLElement): Promise<void> {
    const { name, at, seconds } = find;
    const { told, problem } = await this.#question<{ name: string }>("/find/save", { name, at, seconds });
    if (told === null) return say(this.#said, problem);
    row.replaceWith(this.#row({ ...find, name: told.name, at: 0, seconds: Infinity }));
    this.saved();
  }

  async #play(find: Find): Promise<void> {
    try {
      const until = find.at + find.seconds + AFTER_S;
      this.playback.play(await this.takes.bytes(find.name), () => undefined, find.at - BEFORE_S, until);
    } catch (error) {
      say(this.#said, `${find.name} cannot be played: ${String(error)}`);
    }
  }
}

const isSession = ({ name }: Find): boolean => name.endsWith(SESSION);

/** What the search comes to, in a sentence. */
export function verdict(finds: readonly Find[], files: number): string {
  const first = finds.find((find) => find.same);
  if (first !== undefined) return `You played this on ${day(first.when)}.`;
  if (finds.length > 0) return "Not the same, but something like it:";
  return `Nothing similar in ${files} ${files === 1 ? "recording" : "recordings"}.`;
}

/** When and where, and how it was moved. */
export function described({ when, at, shift, pace, who }: Find): string {
  const place = `${Math.floor(at / 60)}:${String(Math.floor(at % 60)).padStart(2, "0")}`;
  const semitones = `${Math.abs(shift)} ${Math.abs(shift) === 1 ? "semitone" : "semitones"}`;
  const facts = [
    `${day(when)} · at ${place} of it`,
    shift === 0 ? "" : `${semitones} ${shift > 0 ? "higher" : "lower"}`,
    Math.abs(pace - 1) > 0.05 ? (pace < 1 ? "faster" : "slower") : "",
    who.toLowerCase().startsWith("model") ? "by the model" : "",
  ];
  return facts.filter((fact) => fact !== "").join(" · ");
}

const day = (when: number): string =>
  new Date(when * 1000).toLocaleString([], { dateStyle: "long", timeStyle: "short" });
