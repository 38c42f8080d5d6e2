// MIDI inputs of the browser, where it has them: what is played there is played into livegen.  Asks only when asked to.

import { button, el, find, say } from "./dom";

// The statuses livegen takes from a page: notes, controllers, pressure of a channel, bend.
const TAKEN = new Set([0x80, 0x90, 0xb0, 0xd0, 0xe0]);
const CONTROLLERS = new Set([1, 64, 66, 67]);

export type PlayBytes = (data: [number, number, number] | [number, number]) => void;

export class WebMidi {
  #access: MIDIAccess | null = null;
  #chosen = new Set<string>();
  #list = el("div", { class: "midi-inputs" });
  #said = el("span", { class: "hint", role: "status" });
  #button = button("MIDI inputs …", () => void this.#ask());

  constructor(
    private readonly play: PlayBytes,
    private readonly own: () => readonly string[], // names of livegen's ports: listening to those would be a loop
  ) {
    if (!("requestMIDIAccess" in navigator)) return;
    find("keys-tools").append(this.#button, this.#list, this.#said);
  }

  async #ask(): Promise<void> {
    try {
      this.#access = await navigator.requestMIDIAccess();
    } catch {
      return say(this.#said, "this browser gives no MIDI to this page");
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
      input.onmidimessage = box.checked ? (event) => this.#take(event.data) : null;
    });
    return el("label", {}, box, input.name ?? "unnamed input");
  }

  #take(data: Uint8Array | null): void {
    if (data === null || !isTaken(data)) return;
    this.play([...data] as [number, number, number]);
  }
}

/** Whether livegen takes it from a page. */
export function isTaken(data: Uint8Array): boolean {
  const kind = (data[0] ?? 0) & 0xf0;
  if (!TAKEN.has(kind) || data.length !== (kind === 0xd0 ? 2 : 3)) return false;
  return kind !== 0xb0 || CONTROLLERS.has(data[1] ?? 0);
}
