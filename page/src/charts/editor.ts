// A chart under one's hands: its text, what is wrong with it as one types, and how to use, save or open one.

import { button, el, say } from "../dom";
import { factsOf, lineSpan } from "./layout";
import { complaint, type Library, Refusal, type Sheet } from "./library";
import type { Song } from "./song";
import { SheetView } from "./view";

const PAUSE_MS = 350; // after the last key, until the text is looked at
const LONGEST = 16_000; // characters
const LARGEST = 4 << 20; // bytes of a file
const EXAMPLE = `title: My tune
metre: 4/4
tempo: 110
key: C

[A]
| C | Am | Dm7 | G7 |
| C F | C G7 | C | % |
`;

export class Editor {
  #text = el("textarea", {
    rows: 12,
    maxlength: LONGEST,
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    "aria-label": "Text of the chart",
    "aria-describedby": "chart-said",
  });
  #said = el("p", { class: "said", id: "chart-said", role: "status" });
  #wrong = button("", () => this.#goToLine(), { class: "wrong small", hidden: true });
  #preview = el("div", {
    class: "sheet preview",
    "aria-label": "The chart as livegen reads it",
    tabindex: 0,
  });
  #view = new SheetView(this.#preview);
  #name = el("input", {
    type: "text",
    maxlength: 60,
    placeholder: "Name, such as my-tune",
    "aria-label": "Name of the chart",
    autocomplete: "off",
    spellcheck: "false",
  });
  #replace = button("Replace it", () => void this.#save(true), { class: "small strong", hidden: true });
  #file = el("input", { type: "file", hidden: true, tabindex: -1, "aria-label": "A chart's file" });
  #seen: Sheet | null = null; // what the text says
  #line = 0;
  #timer = 0;
  #asked = 0; // of several looks at a text the last one counts
  #isOwnWork = false; // typed or opened here, and not in force or saved: nothing else takes its place

  constructor(
    root: HTMLElement,
    private readonly song: Song,
    private readonly library: Library,
    private readonly use: (text: string) => void,
    private readonly saved: (name: string) => void,
  ) {
    const details = el("details", { class: "editor" }, el("summary", {}, "Write or change a chart"));
    const open = button("Open a file …", () => this.#file.click(), { class: "small" });
    const fresh = button("New", () => this.#fill(EXAMPLE, "my-tune"), { class: "small" });
    const useIt = button("Use it", () => void this.#use(), { class: "strong" });
    const save = el("button", { type: "submit", class: "small strong" }, "Save");
    const form = el("form", { class: "rename" }, this.#name, save, this.#replace);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#save(false);
    });
    details.append(
      el("div", { class: "acts" }, fresh, open, this.#file),
      this.#text,
      this.#said,
      this.#wrong,
      this.#preview,
      el("div", { class: "acts" }, useIt),
      form,
    );
    details.addEventListener("toggle", () => details.open && void this.#load());
    this.#text.addEventListener("input", () => this.#typed());
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#name.addEventListener("input", () => (this.#replace.hidden = true));
    this.#file.addEventListener("change", () => void this.#open());
    song.onSheet(() => details.open && void this.#load());
    root.append(details);
  }

  /** The chart in force as it was written, unless somebody is at work on another. */
  async #load(): Promise<void> {
    if (this.#isOwnWork) return;
    const { sheet } = this.song;
    if (sheet === null) {
      if (this.#text.value === "") this.#put(EXAMPLE, "my-tune");
      return;
    }
    if (this.#seen?.text === sheet.text) return; // as it stands here, with its notes
    const name = sheet.name ?? "";
    const text = name === "" ? sheet.text : await this.library.text(name).catch(() => sheet.text);
    if (!this.#isOwnWork && this.song.sheet === sheet) this.#put(text, name);
  }

  #put(text: string, name: string): void {
    this.#text.value = text;
    this.#name.value = name;
    this.#replace.hidden = true;
    void this.#look();
  }

  #fill(text: string, name: string): void {
    this.#isOwnWork = true;
    this.#put(text, name);
    this.#text.focus();
  }

  #typed(): void {
    this.#isOwnWork = true;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#look(), PAUSE_MS);
  }

  /** Escape only leaves it: what was typed stays. */
  #key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      event.preventDefault();
      this.#text.blur();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void this.#use();
    }
  }

  /** Says what is wrong with the text, or what it is; the chart, if it is one. */
  async #look(): Promise<Sheet | null> {
    window.clearTimeout(this.#timer);
    const asked = ++this.#asked;
    const text = this.#text.value;
    try {
      const sheet = await this.library.read(text);
      if (asked === this.#asked) this.#praise(sheet);
      return sheet;
    } catch (error) {
      if (asked === this.#asked) this.#blame(text, error);
      return null;
    }
  }

  #praise(sheet: Sheet): void {
    this.#seen = sheet;
    this.#text.removeAttribute("aria-invalid");
    this.#wrong.hidden = true;
    say(this.#said, [sheet.title, factsOf(sheet)].filter(Boolean).join(" · "));
    this.#view.show(sheet);
    this.#preview.hidden = false;
  }

  #blame(text: string, error: unknown): void {
    this.#seen = null;
    this.#text.setAttribute("aria-invalid", "true");
    this.#line = error instanceof Refusal ? error.line : 0;
    say(this.#said, complaint(error));
    const [start, end] = lineSpan(text, this.#line);
    say(this.#wrong, `Go to line ${this.#line}: ${text.slice(start, end).trim().slice(0, 60)}`);
    this.#wrong.hidden = this.#line === 0;
    this.#preview.hidden = true;
  }

  #goToLine(): void {
    this.#text.focus();
    this.#text.setSelectionRange(...lineSpan(this.#text.value, this.#line));
  }

  async #use(): Promise<void> {
    if ((await this.#look()) === null) return;
    this.#isOwnWork = false;
    this.use(this.#text.value);
  }

  async #save(replace: boolean): Promise<void> {
    if ((await this.#look()) === null) return;
    try {
      const name = await this.library.save(this.#name.value, this.#text.value, replace);
      this.#isOwnWork = false;
      this.#replace.hidden = true;
      say(this.#said, `Saved: ${name}.`);
      this.saved(name);
    } catch (error) {
      const isTaken = error instanceof Refusal && error.isTaken;
      say(this.#said, complaint(error));
      this.#replace.hidden = !isTaken;
      if (isTaken) this.#replace.focus();
    }
  }

  async #open(): Promise<void> {
    const file = this.#file.files?.[0];
    this.#file.value = "";
    if (file === undefined) return;
    const name = file.name.replace(/\.[^.]*$/, "");
    try {
      if (file.size > LARGEST) throw new Error("the file is larger than 4 MB; expected a chart");
      this.#fill((await this.library.readFile(await base64Of(file))).text, name);
    } catch (error) {
      say(this.#said, `${file.name}: ${complaint(error)}`);
    }
  }
}

function base64Of(file: File): Promise<string> {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => failed(new Error("it cannot be read"));
    reader.readAsDataURL(file);
  });
}
