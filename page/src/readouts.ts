// Who plays, and in what: the words above the roll, and the same for ears.  Knows the state's names.

import { placeInWords } from "./bars";
import { find, say, words } from "./dom";
import { headline, knownOf } from "./headline";
import type { NoteTape } from "./notes";
import type { Store } from "./store";
import type { EngineState } from "./types";
import { percent } from "./why";
import type { Status } from "./wire";

const LEADERS: Record<string, string> = {
  free: "your time",
  clock: "MIDI clock",
  link: "Ableton Link",
  internal: "own tempo",
};

const FACTS = [
  "mode",
  "key",
  "key_sure",
  "second_key",
  "second_key_sure",
  "chord",
  "next_chord",
  "tempo_bpm",
  "tempo_sure",
  "metre",
  "leader",
] as const;

const SPOKEN_OF = 0.05; // a runner-up that is less likely is not shown
const UNSURE = 0.5; // a tempo that is less probable is shown as a guess

/** Beats a minute; "≈" says that it was found in what you play, and may be another. */
export function tempoInWords({ tempo_bpm: tempo, tempo_sure: sure = 1 }: EngineState): string {
  if (!tempo) return "—";
  return (sure < UNSURE ? "≈ " : "") + tempo.toFixed(tempo < 100 ? 1 : 0);
}

/** How sure the key is, and the runner-up where there is one to speak of: " 71 %, or C major 22 %". */
export function sureInWords(state: EngineState): string {
  const { key, key_sure: sure, second_key: second, second_key_sure: chance = 0 } = state;
  if (!key || sure === undefined) return "";
  const rival = second && chance >= SPOKEN_OF ? `, or ${second} ${percent(chance)}` : "";
  return ` ${percent(sure)}${rival}`;
}

/** The chord that comes, where it is known and another. */
export function nextInWords({ chord, next_chord: next }: EngineState): string {
  return next && next !== chord ? ` → ${next}` : "";
}

export class Readouts {
  #turn = find("turn");
  #turnWords = find("turn-words");
  #said = find("said");
  #place = find("fact-place");

  constructor(
    private readonly store: Store,
    private readonly tape: NoteTape,
    private readonly link: () => Status,
  ) {
    store.onState(FACTS, (state) => this.#showFacts(state));
  }

  /** What moves with time rather than with news. */
  tick(now: number): void {
    this.#showTurn(now);
    say(this.#place, placeInWords(this.store.state, this.tape, now));
  }

  #showTurn(now: number): void {
    const [text, who] = headline(knownOf(this.store.state, this.store.hello?.modes, this.link(), now));
    if (this.#turn.dataset["who"] !== who) this.#turn.dataset["who"] = who;
    say(this.#turnWords, text);
    say(this.#said, text);
  }

  #showFacts(state: EngineState): void {
    say(find("fact-mode"), state.mode ? words(state.mode) : "—");
    say(find("fact-key"), state.key || "—");
    say(find("fact-key-sure"), sureInWords(state));
    say(find("fact-chord"), state.chord || "—");
    say(find("fact-next"), nextInWords(state));
    say(find("fact-tempo"), tempoInWords(state));
    const leader = LEADERS[state.leader ?? ""] ?? words(state.leader ?? "");
    say(find("leader"), ["Tempo", leader, state.metre].filter(Boolean).join(" · "));
  }
}
