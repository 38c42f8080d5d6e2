// Words to a tune: lines to type in, which livegen sings from the next bar line on.

import { el } from "./dom";
import type { ToServer } from "./types";

const LONGEST = 1000;

export class Lyrics {
  constructor(root: HTMLElement, send: (message: ToServer) => void) {
    const text = el("textarea", {
      maxlength: LONGEST,
      rows: 2,
      placeholder: "Amazing grace, how sweet the sound",
      "aria-label": "Words to be set to a tune",
      spellcheck: "false",
    });
    const form = el("form", { class: "rename" }, text);
    form.append(el("button", { type: "submit", class: "small strong" }, "Sing"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const words = text.value.trim();
      if (words !== "") send({ t: "do", name: "sing", value: words });
    });
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      text.blur();
    });
    root.append(form);
  }
}
