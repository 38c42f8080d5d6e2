// Who plays, and in what: the words above the roll, and the same for ears.  Knows the state's names.

import { placeInWords } from "./bars";
import { find, say, words } from "./dom";
import type { NoteTape } from "./notes";
import type { Store } from "./store";
import type { EngineState } from "./types";

type Who = "nobody" | "you" | "model" | "both";

// What a turn is called on stage, and to whom it belongs.
const TURNS: Record<string, [string, Who]> = {
  waiting: ["Your move", "nobody"],
  listening: ["You play", "you"],
  responding: ["Model plays", "model"],
  together: ["Together", "both"],
  looping: ["Loop", "model"],
};

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
  ) {
    store.onState(["turn", "engine"], (state) => this.#showTurn(state));
    store.onState(["mode", "key", "chord", "tempo_bpm", "leader"], (state) => this.#showFacts(state));
  }

  /** What moves with time rather than with news. */
  tick(now: number): void {
    say(this.#place, placeInWords(this.store.state, this.tape, now));
  }

  #showTurn(state: EngineState): void {
    const name = state.turn ?? "";
    const [text, who] = TURNS[name] ?? [words(name), "nobody" as Who];
    const isAway = state.engine === "dead" || state.engine === "starting";
    this.#turn.dataset["who"] = isAway ? "away" : who;
    const shown = isAway ? "Model is away" : text;
    say(this.#turnWords, shown);
    say(this.#said, shown);
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
