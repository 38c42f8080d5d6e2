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
    const press = (): void => {
      const isSure = forget.dataset["sure"] !== undefined;
      ask(!isSure);
      if (isSure) send({ t: "do", name: "forget", value: null });
    };
    const forget = button("Forget me", press, { id: "forget", class: "small", "data-learn": "forget" });
    const leave = button("Leave", () => say(""), {
      class: "small",
      title: "What is played from now on is not kept.",
    });
    const ask = (isAsking: boolean): void => {
      forget.toggleAttribute("data-sure", isAsking);
      forget.textContent = isAsking ? "Forget everything?" : "Forget me";
    };
    forget.addEventListener("blur", () => ask(false));
    root.append(asking(name, "I play", say), el("div", { class: "rename" }, told, leave, forget));
    store.onState(["remembers", "remembered"], ({ remembers = "", remembered = 0 }) => {
      const notes = `${remembered} ${remembered === 1 ? "note" : "notes"}`;
      if (document.activeElement !== name) name.value = remembers;
      told.textContent = remembers === "" ? "" : `${notes} remembered`;
      leave.hidden = remembers === "";
    });
  }
}
