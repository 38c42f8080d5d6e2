// The controls, made from the table that livegen sends: no line here knows a control by name.  `groups` says which are
// at hand and which lie under "More", `pickers` which have words of their own.

import { button, el, say, words } from "./dom";
import { grouped, OF_PHRASES, strips } from "./groups";
import { placeOf, range, STEPS, tidy, valueAt, written } from "./knob";
import { PICKERS } from "./pickers";
import { Chips, type Picker } from "./pickers/picker";
import type { Store } from "./store";
import type { Control, EngineState, Hello, ToServer, Value } from "./types";

const PACE_MS = 50; // a slider that is drawn sends at most so often
const OWN_MS = 600; // what was just set here is not overwritten by older news
const KEPT_OPEN = { more: "livegen-more", mixer: "livegen-mixer" };

type Send = (message: ToServer) => void;

export class Desk {
  #entries = new Map<string, Entry>();
  #built = "";

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    private readonly send: Send,
    private readonly phrases: HTMLElement,
    private readonly ofPhrases: HTMLElement,
  ) {
    store.onHello((hello) => this.#build(hello));
    store.onState(["controls"], () => this.#show());
    store.onState(["learning", "map"], (state) => this.#showLearning(state));
    store.onRefused(({ name, line }) => this.#entries.get(name ?? "")?.refuse(line));
    store.onReply(({ to, done, line }) => done || this.#entries.get(to)?.refuse(line));
  }

  /** A greeting that says nothing new about the controls takes no knob out of a hand. */
  #build(hello: Hello): void {
    const controls = hello.controls.map((control) => suggesting(control, hello));
    const table = JSON.stringify([controls, hello.parts]);
    if (table === this.#built) return;
    this.#built = table;
    this.#entries = new Map(controls.map((control) => [control.name, new Entry(control, this.send)]));
    this.root.replaceChildren(...this.#laidOut(controls, hello.parts));
    this.ofPhrases.replaceChildren(
      ...this.#elements(controls.filter(({ name }) => OF_PHRASES.includes(name))),
    );
    this.#show();
    this.#showLearning(this.store.state);
  }

  /** Those that one reaches for, then the phrases with theirs, then the mixer and the others, folded away. */
  #laidOut(controls: Control[], parts: string[]): HTMLElement[] {
    const essentials = el("div", { class: "essentials" });
    const groups: HTMLElement[] = [];
    for (const [label, found] of grouped(controls, parts)) {
      if (label === "") essentials.append(...this.#elements(found));
      else groups.push(section(label, "group", this.#elements(found)));
    }
    const mixer = strips(controls, parts).map(([part, found]) =>
      section(part, "strip", this.#elements(found)),
    );
    return [
      essentials,
      this.phrases,
      folded("mixer", "Mixer", mixer),
      folded("more", "More controls", groups),
    ];
  }

  #elements(controls: Control[]): HTMLElement[] {
    return controls.map(({ name }) => (this.#entries.get(name) as Entry).element);
  }

  #show(): void {
    for (const [name, value] of Object.entries(this.store.state.controls ?? {}))
      this.#entries.get(name)?.show(value);
  }

  #showLearning(state: EngineState): void {
    for (const [name, entry] of this.#entries) {
      const bound = Object.entries(state.map ?? {})
        .filter(([, target]) => target === name)
        .map(([source]) => source);
      entry.showBinding(state.learning === name, bound);
    }
  }
}

function section(label: string, kind: string, entries: HTMLElement[]): HTMLElement {
  return el("section", { class: kind, "aria-label": label }, el("h3", {}, label), ...entries);
}

/** Folded away until it is opened, which is remembered; nothing at all where it is empty. */
function folded(kind: keyof typeof KEPT_OPEN, label: string, sections: HTMLElement[]): HTMLElement {
  const fold = el("details", { class: `fold ${kind}` }, el("summary", {}, label), ...sections);
  fold.hidden = sections.length === 0;
  fold.open = localStorage.getItem(KEPT_OPEN[kind]) === "yes";
  fold.addEventListener("toggle", () => localStorage.setItem(KEPT_OPEN[kind], fold.open ? "yes" : "no"));
  return fold;
}

/** A text with the words that livegen knows for it, such as the styles for a style, or the parts for the parts. */
function suggesting(control: Control, hello: Hello): Control {
  const told = hello as unknown as Record<string, unknown>;
  const known = told[`${control.name}s`] ?? told[control.name];
  const isOpen = control.kind === "text" && control.choices.length === 0;
  return isOpen && isTexts(known) ? { ...control, choices: known } : control;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

/** One control: its name, its value, what turns it, what it means, and what is bound to it. */
class Entry {
  readonly element: HTMLElement;
  #id: string;
  #shown = el("output", { class: "value" });
  #slider: HTMLInputElement | null = null;
  #text: HTMLInputElement | null = null;
  #committed: string | null = null; // the text as it was entered: what is typed after it is left alone
  #chips: Chips | null = null;
  #picker: Picker | null = null;
  #learn: HTMLButtonElement;
  #bound = el("span", { class: "bound" });
  #problem = el("p", { class: "problem", hidden: true });
  #sent = -Infinity;
  #timer = 0;
  #waiting: Value | null = null;
  #known: Value | null = null; // the engine's
  #isLearning = false;

  constructor(
    private readonly control: Control,
    private readonly send: Send,
  ) {
    this.#id = `control-${control.name}`;
    this.#learn = button("Learn", () => this.#learnOrNot(), {
      class: "small",
      "aria-pressed": "false",
      "aria-label": `Learn: bind a knob or pad to ${words(control.name)}`,
    });
    this.element = this.#assemble();
  }

  show(value: Value): void {
    this.#known = value;
    if (performance.now() - this.#sent < OWN_MS) return;
    this.#display(value);
  }

  /** Says why a value was not taken, until another one is given. */
  refuse(line: string): void {
    const [, what = line] = line.split(`${this.control.name}: `);
    say(this.#problem, what);
    this.#problem.hidden = false;
    for (const field of this.#fields()) field.setAttribute("aria-invalid", "true");
  }

  #forgive(): void {
    this.#problem.hidden = true;
    for (const field of this.#fields()) field.removeAttribute("aria-invalid");
  }

  #fields(): NodeListOf<HTMLElement> {
    return this.element.querySelectorAll("select, input[type=text]");
  }

  showBinding(isLearning: boolean, bound: string[]): void {
    this.#isLearning = isLearning;
    this.#learn.setAttribute("aria-pressed", String(isLearning));
    say(this.#learn, isLearning ? "Move it …" : "Learn");
    this.#bound.replaceChildren(...bound.map((source) => this.#forget(source)));
  }

  #assemble(): HTMLElement {
    const { control } = this;
    const help = el("p", { class: "help", id: `${this.#id}-help`, hidden: true }, this.#helpText());
    const more = button(
      "?",
      () => {
        help.hidden = !help.hidden;
        more.setAttribute("aria-expanded", String(!help.hidden));
      },
      {
        class: "small round",
        "aria-label": `What ${words(control.name)} does`,
        "aria-expanded": "false",
        "aria-controls": help.id,
      },
    );
    const reset = button("↺", () => this.#reset(), {
      class: "small round",
      "aria-label": `${words(control.name)}: back to ${written(control, control.default)}`,
      title: `Back to ${written(control, control.default)}`,
    });
    const name = el("span", { class: "name", id: `${this.#id}-name` }, words(control.name));
    const head = el("div", { class: "head" }, name, this.#shown, this.#bound, this.#learn, reset, more);
    const group = el("div", {
      class: "control",
      role: "group",
      "aria-labelledby": name.id,
      "data-control": control.name,
    });
    this.#problem.id = `${this.#id}-problem`;
    group.append(head, ...this.#turners(), this.#problem, help);
    head.addEventListener("dblclick", (event) => event.target instanceof HTMLButtonElement || this.#reset());
    return group;
  }

  #helpText(): string {
    const takes = range(this.control);
    return takes === "" ? this.control.help : `${this.control.help} Takes ${takes}.`;
  }

  #turners(): HTMLElement[] {
    const { control } = this;
    const parts: HTMLElement[] = [];
    const pick = PICKERS[control.name];
    if (pick !== undefined) {
      this.#picker = pick(this.#occasion());
      parts.push(el("div", { class: "picker" }, ...this.#picker.elements));
    } else if (control.kind === "text") parts.push(this.#textInput());
    if (control.low < control.high) parts.push(this.#sliderInput());
    if (control.kind !== "text" && control.choices.length > 0) {
      this.#chips = new Chips(
        control.choices.map((choice) => [choice, words(choice)]),
        this.#occasion(),
        (choice) => this.#set(choice),
      );
      parts.push(this.#chips.element);
    }
    return control.kind === "number" && parts.length > 1
      ? [el("div", { class: "abreast" }, ...parts)]
      : parts;
  }

  #occasion() {
    const { control } = this;
    return { control, id: this.#id, labels: this.#labels(), set: (value: Value) => this.#set(value) };
  }

  #sliderInput(): HTMLInputElement {
    const slider = el("input", { type: "range", min: 0, max: STEPS, step: 1, ...this.#labels() });
    slider.addEventListener("input", () => this.#set(valueAt(this.control, Number(slider.value) / STEPS)));
    slider.addEventListener("dblclick", () => this.#reset());
    slider.addEventListener("keydown", (event) => this.#key(event, slider));
    this.#slider = slider;
    return slider;
  }

  /** Arrows step by what a person would call a step; Delete gives the default. */
  #key(event: KeyboardEvent, slider: HTMLInputElement): void {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return this.#reset();
    }
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[
      event.key
    ];
    if (step === undefined) return;
    event.preventDefault();
    const { control } = this;
    const place = Number(slider.value) / STEPS;
    const isCounted = control.whole || control.kind === "text";
    const next = isCounted
      ? tidy(control, valueAt(control, place) + step)
      : valueAt(control, Math.min(1, Math.max(0, place + step / 100)));
    this.#set(next);
  }

  #textInput(): HTMLInputElement {
    const list = `${this.#id}-list`;
    const input = el("input", {
      type: "text",
      maxlength: 64,
      spellcheck: "false",
      autocomplete: "off",
      list,
      ...this.#labels(),
    });
    input.addEventListener("change", () => {
      this.#committed = input.value;
      this.#set(input.value.trim() || this.control.default);
    });
    this.#text = input;
    const options = this.control.choices.map((choice) => el("option", { value: choice }));
    document.getElementById(list)?.remove();
    document.body.append(el("datalist", { id: list }, ...options));
    return input;
  }

  #labels(): Record<string, string> {
    return {
      "aria-labelledby": `${this.#id}-name`,
      "aria-describedby": `${this.#id}-problem ${this.#id}-help`,
    };
  }

  #reset(): void {
    this.#set(this.control.default);
  }

  /** Shows it at once and sends it, the latest of quick ones a little later. */
  #set(value: Value): void {
    this.#forgive();
    this.#display(value);
    const wait = this.#sent + PACE_MS - performance.now();
    this.#waiting = value;
    window.clearTimeout(this.#timer);
    if (wait <= 0) this.#flush();
    else this.#timer = window.setTimeout(() => this.#flush(), wait);
  }

  #flush(): void {
    if (this.#waiting === null) return;
    this.#sent = performance.now();
    this.send({ t: "set", name: this.control.name, value: this.#waiting });
    this.#waiting = null;
    window.setTimeout(() => this.#settle(), OWN_MS + PACE_MS);
  }

  /** What was set and not taken is not shown for longer than the news of it may take. */
  #settle(): void {
    if (this.#known === null || performance.now() - this.#sent < OWN_MS) return;
    if (this.#text !== null && this.#text.value === this.#committed) this.#text.value = String(this.#known);
    this.#display(this.#known);
  }

  #display(value: Value): void {
    const { control } = this;
    const place = control.low < control.high ? placeOf(control, value) : null;
    const number = control.kind === "text" && place !== null ? Number(value) : value;
    say(this.#shown, control.kind === "number" || place !== null ? written(control, number) : "");
    if (this.#slider !== null) {
      this.#slider.classList.toggle("idle", place === null);
      if (place !== null) this.#slider.value = String(Math.round(place * STEPS));
      this.#slider.setAttribute("aria-valuetext", written(control, value));
    }
    if (this.#text !== null && document.activeElement !== this.#text) this.#text.value = String(value);
    this.#chips?.show(String(value));
    this.#picker?.show(value);
  }

  #learnOrNot(): void {
    this.send({ t: "do", name: "learn", value: this.#isLearning ? "" : this.control.name });
  }

  #forget(source: string): HTMLElement {
    const name = words(this.control.name);
    const label = `Unbind ${source} from ${name}`;
    return button(`${source} ×`, () => this.send({ t: "do", name: "unlearn", value: this.control.name }), {
      class: "small",
      "aria-label": label,
      title: label,
    });
  }
}
