// MIDI inputs of the browser, where it has them: what is played there is played into livegen.  Asks only when asked to.

import { button, el, find, say } from "./dom";
import { type Bytes, Pace } from "./pace";

export type PlayBytes = (data: Bytes) => void;

export class WebMidi {
  #access: MIDIAccess | null = null;
  #chosen = new Set<string>();
  #list = el("div", { class: "midi-inputs" });
  #said = el("span", { class: "hint", role: "status" });
  #button = button("MIDI inputs …", () => void this.#ask());
  #pace: Pace;

  constructor(
    play: PlayBytes,
    private readonly own: () => readonly string[], // names of livegen's ports: listening to those would be a loop
  ) {
    this.#pace = new Pace(
      play,
      () => performance.now(),
      (ms, act) => void window.setTimeout(act, ms),
    );
    if (!("requestMIDIAccess" in navigator)) return;
    find("keys-tools").append(this.#button, this.#list, this.#said);
  }

  async #ask(): Promise<void> {
    try {
      this.#access = await navigator.requestMIDIAccess();
    } catch {
      return say(this.#said, "this browser does not let the page use MIDI");
    }
    this.#access.onstatechange = () => this.#show();
    this.#button.remove();
    this.#show();
  }

  #show(): void {
    const inputs = [...(this.#access?.inputs.values() ?? [])].filter(
      (input) => !this.#isOwn(input.name ?? ""),
    );
    say(this.#said, inputs.length === 0 ? "no MIDI input is connected" : "");
    this.#list.replaceChildren(...inputs.map((input) => this.#row(input)));
  }

  #isOwn(name: string): boolean {
    return this.own().some((own) => own !== "" && name.includes(own));
  }

  #row(input: MIDIInput): HTMLElement {
    const box = el("input", { type: "checkbox", checked: this.#chosen.has(input.id) });
    box.addEventListener("change", () => {
      if (box.checked) this.#chosen.add(input.id);
      else this.#chosen.delete(input.id);
      this.#hear(input);
    });
    this.#hear(input); // one that was chosen, and was unplugged meanwhile
    return el("label", {}, box, input.name ?? "unnamed input");
  }

  #hear(input: MIDIInput): void {
    input.onmidimessage = this.#chosen.has(input.id) ? (event) => this.#take(event.data) : null;
  }

  #take(data: Uint8Array | null): void {
    if (data !== null && isTaken(data)) this.#pace.take([...data] as Bytes);
  }
}

/** Whether livegen takes it from a page: whatever belongs to a channel, and no clock and no system message. */
export function isTaken(data: Uint8Array): boolean {
  const [status, ...rest] = data;
  if (status === undefined || status < 0x80 || status >= 0xf0) return false;
  const isShort = [0xc0, 0xd0].includes(status & 0xf0);
  return rest.length === (isShort ? 1 : 2) && rest.every((byte) => byte < 0x80);
}
