// What came of what was asked for, in a line beside the commands: also why not, and where nobody hears it at all.

import { find, say } from "./dom";
import type { Store } from "./store";
import type { EngineState, Reply, ToServer } from "./types";
import type { Status } from "./wire";

const SHOWN_MS = 10_000;
const NEW_US = 3_000_000; // lines of before this page came are in the log
// What is carried out without the model's process.
const WITHOUT_ENGINE = ["panic", "stop", "capture"];

export class Replies {
  #line = find("reply");
  #timer = 0;

  constructor(
    private readonly store: Store,
    private readonly link: () => Status,
    now: () => number,
  ) {
    store.onReply((reply) => this.#show(lineOf(reply), reply.done));
    store.onRefused(({ line }) => this.#show(line, false));
    store.onLine(({ line, kind, at }) => {
      const isNew = at !== undefined && now() - at < NEW_US;
      if (isNew && kind !== "note") this.#show(line, kind === "saved");
    });
  }

  /** Something is asked for; says at once where nobody will hear it. */
  asked(message: ToServer): void {
    if (message.t !== "do" && message.t !== "set") return;
    const why = unheard(message.name, this.link(), this.store.state.engine);
    if (why !== "") this.#show(why, false);
  }

  #show(line: string, isDone: boolean): void {
    window.clearTimeout(this.#timer);
    this.#line.dataset["done"] = String(isDone);
    say(this.#line, line);
    this.#timer = window.setTimeout(() => say(this.#line, ""), SHOWN_MS);
  }
}

/** The line for a reply; none for why a note was played, which its own card says. */
export const lineOf = ({ to, done, line }: Reply): string => (to === "why" && done ? "" : line);

/** Why nobody hears what is asked for; empty where somebody does. */
export function unheard(name: string, link: Status, engine: EngineState["engine"]): string {
  if (link !== "open") return "There is no connection to livegen: nothing was asked for.";
  if (engine === "alive" || WITHOUT_ENGINE.includes(name)) return "";
  return "The model is being started again: ask when it is back.";
}
