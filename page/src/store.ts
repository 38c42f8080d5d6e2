// What is known of livegen at the moment: the one place where it is kept.  Knows no socket and draws nothing.

import type { EngineState, Figures, FromServer, Hello, Line } from "./types";

type Watcher<T> = (value: T) => void;
type Key = keyof EngineState;

export class Store {
  hello: Hello | null = null;
  state: EngineState = {};
  #keys: [readonly Key[], Watcher<EngineState>][] = [];
  #hellos: Watcher<Hello>[] = [];
  #figures: Watcher<Figures>[] = [];
  #lines: Watcher<Line>[] = [];

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
        break;
    }
  }

  #change(changed: EngineState): void {
    this.state = { ...this.state, ...changed };
    for (const [keys, watcher] of this.#keys) {
      if (keys.some((key) => key in changed)) watcher(this.state);
    }
  }
}
