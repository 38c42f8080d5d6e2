// What is known of livegen at the moment: the one place where it is kept.  Knows no socket and draws nothing.

import type { EngineState, Figures, FromServer, Hello, Line, Refused, Reply } from "./types";

type Watcher<T> = (value: T) => void;
type Key = keyof EngineState;

export class Store {
  hello: Hello | null = null;
  state: EngineState = {};
  #keys: [readonly Key[], Watcher<EngineState>][] = [];
  #hellos: Watcher<Hello>[] = [];
  #figures: Watcher<Figures>[] = [];
  #lines: Watcher<Line>[] = [];
  #replies: Watcher<Reply>[] = [];
  #refusals: Watcher<Refused>[] = [];
  #replied: number | null = null; // what was replied before this page came is no news

  /** Told when one of these keys has changed. */
  onState(keys: readonly Key[], watcher: Watcher<EngineState>): void {
    this.#keys.push([keys, watcher]);
  }

  onHello(watcher: Watcher<Hello>): void {
    this.#hellos.push(watcher);
  }

  onFigures(watcher: Watcher<Figures>): void {
    this.#figures.push(watcher);
  }

  onLine(watcher: Watcher<Line>): void {
    this.#lines.push(watcher);
  }

  /** Told what came of each command, and why a value was not taken, by whomever it was asked for. */
  onReply(watcher: Watcher<Reply>): void {
    this.#replies.push(watcher);
  }

  /** Told what this page said that was not understood or does not fit. */
  onRefused(watcher: Watcher<Refused>): void {
    this.#refusals.push(watcher);
  }

  take(message: FromServer): void {
    switch (message.t) {
      case "hello":
        this.hello = message;
        for (const watcher of this.#hellos) watcher(message);
        break;
      case "state":
        this.#change(message.state);
        break;
      case "figures":
        for (const watcher of this.#figures) watcher(message);
        break;
      case "line":
        for (const watcher of this.#lines) watcher(message);
        break;
      case "refused":
        for (const watcher of this.#lines) watcher({ t: "line", line: message.line, kind: "bad" });
        for (const watcher of this.#refusals) watcher(message);
        break;
    }
  }

  #change(changed: EngineState): void {
    this.state = { ...this.state, ...changed };
    for (const [keys, watcher] of this.#keys) {
      if (keys.some((key) => key in changed)) watcher(this.state);
    }
    if (changed.reply) this.#reply(changed.reply);
  }

  #reply(reply: Reply | Record<string, never>): void {
    const isNew = this.#replied !== null && (reply.number ?? 0) !== this.#replied;
    this.#replied = reply.number ?? 0;
    if (!isNew || !("line" in reply)) return;
    for (const watcher of this.#replies) watcher(reply as Reply);
  }
}
