// Who plays: a name under which what is played is remembered from one evening to the next.

import { asking, button, el } from "./dom";
import type { Store } from "./store";
import type { ToServer } from "./types";

const LONGEST = 64;

export class WhoPlays {
  constructor(root: HTMLElement, store: Store, send: (message: ToServer) => void) {
    const say = (name: string): void => send({ t: "do", name: "remember", value: name });
    const name = el("input", {
      type: "text",
      maxlength: LONGEST,
      placeholder: "Your name",
      "aria-label": "Who plays",
    });
    const told = el("span", { class: "hint", role: "status" });
    // Asked twice: what is kept of other days goes as well.
    const forget = button("Forget me", () => {
      if (forget.dataset["sure"] === undefined) return ask(true);
      ask(false);
      send({ t: "do", name: "forget", value: null });
    });
    const nobody = button("Nobody", () => say(""), { title: "What is played from now on is not kept." });
    const ask = (isAsking: boolean): void => {
      forget.toggleAttribute("data-sure", isAsking);
      forget.textContent = isAsking ? "Forget everything?" : "Forget me";
    };
    forget.addEventListener("blur", () => ask(false));
    root.append(asking(name, "I play", say), told, nobody, forget);
    store.onState(["remembers", "remembered"], ({ remembers = "", remembered = 0 }) => {
      const notes = `${remembered} ${remembered === 1 ? "note" : "notes"}`;
      told.textContent = remembers === "" ? "" : `${remembers}: ${notes} remembered`;
      nobody.hidden = remembers === "";
      forget.hidden = remembered === 0;
    });
  }
}
