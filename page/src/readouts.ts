// Who plays, and in what: the words above the roll, and the same for ears.  Knows the state's names.

import { placeInWords } from "./bars";
import { find, say, words } from "./dom";
import { headline, knownOf } from "./headline";
import type { NoteTape } from "./notes";
import type { Store } from "./store";
import type { EngineState } from "./types";
import type { Status } from "./wire";

const LEADERS: Record<string, string> = {
  free: "your time",
  clock: "MIDI clock",
  link: "Ableton Link",
  internal: "own tempo",
};

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
    store.onState(["mode", "key", "chord", "tempo_bpm", "leader"], (state) => this.#showFacts(state));
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
    say(find("fact-chord"), state.chord || "—");
    say(find("fact-tempo"), state.tempo_bpm ? state.tempo_bpm.toFixed(state.tempo_bpm < 100 ? 1 : 0) : "—");
    const leader = LEADERS[state.leader ?? ""] ?? words(state.leader ?? "");
    say(find("leader"), leader ? `Tempo · ${leader}` : "Tempo");
  }
}
