// The stage: who plays, and the roll, for people three metres away; the whole screen where the browser gives it.

import { find } from "./dom";

/** Full screen as browsers have it; some telephones have none, and there the stage fills the page. */
interface Screen {
  keyboard?: { lock?: (keys: string[]) => Promise<void>; unlock?: () => void };
}

export class StageMode {
  #button = find("stage-mode");

  constructor() {
    this.#button.addEventListener("click", () => this.toggle());
    document.addEventListener("fullscreenchange", () => this.#say());
  }

  get isOn(): boolean {
    return document.body.classList.contains("on-stage");
  }

  toggle(): void {
    document.body.classList.toggle("on-stage");
    this.#say();
    if (this.isOn) void enter();
    else void leave();
  }

  #say(): void {
    this.#button.setAttribute("aria-pressed", String(this.isOn));
  }
}

/** On the whole screen Escape stays Panic where a browser lets it: else its first press only leaves full screen. */
async function enter(): Promise<void> {
  try {
    await document.documentElement.requestFullscreen({ navigationUI: "hide" });
    await (navigator as Screen).keyboard?.lock?.(["Escape"]);
  } catch {
    // The browser has no full screen, or gives none: the stage fills the page.
  }
}

async function leave(): Promise<void> {
  (navigator as Screen).keyboard?.unlock?.();
  if (document.fullscreenElement !== null) await document.exitFullscreen().catch(() => undefined);
}
