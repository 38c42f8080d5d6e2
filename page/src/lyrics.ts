// Words to a tune: lines to type in, which livegen sings from the next bar line on.

import { asking, el } from "./dom";
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
    root.append(asking(text, "Sing", (words) => send({ t: "do", name: "sing", value: words })));
  }
}
