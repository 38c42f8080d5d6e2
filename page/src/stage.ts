// Draws the piano roll, sixty times a second.  Knows where things lie from `roll`, and what there is from its caller.

import { type Explained, noteAt, reach, thickness } from "./arcs";
import { barsBefore } from "./bars";
import type { Note, NoteTape } from "./notes";
import {
  AT_HAND,
  DRUM_NAMES,
  DRUMS,
  drumRow,
  eased,
  FAR_AWAY,
  fitted,
  gridLines,
  isCounted,
  rowHeight,
  seenAt,
  type Sight,
  type View,
  xOf,
  yOf,
} from "./roll";
import type { EngineState, Planned } from "./types";

// In heights of a letter: what the names of pitches take, what those of drums take, and the numbers of the bars.
const GUTTER = 2.3;
const WIDE = 6.4;
const TOP = 1.85;
const EASE = 0.12;
const FARTHEST = 4; // times as far back as usual notes are known
const SHARPEST = 2; // device pixels per pixel that are worth their time

interface Colours {
  back: string;
  lane: string;
  bar: string;
  beat: string;
  text: string;
  you: string;
  model: string;
  now: string;
}

export class Stage {
  readonly #context: CanvasRenderingContext2D;
  #colours: Colours;
  #range: [number, number] = [45, 81];
  #drums = false;
  #scale = 1;
  #sight = AT_HAND;
  #top = TOP * AT_HAND.text;
  #width = 0;
  #height = 0;
  #still = matchMedia("(prefers-reduced-motion: reduce)");
  #behind = 0; // micros that are seen behind now: more while arcs reach farther
  #view: View | null = null; // as it was drawn last
  #frames: number[] = [];

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly tape: NoteTape,
    private readonly state: () => EngineState,
    private readonly now: () => number,
    private readonly perFrame: (now: number) => void,
    private readonly shown: () => Explained | null,
  ) {
    this.#context = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
    this.#colours = coloursOf(canvas);
    new ResizeObserver(() => this.#fit()).observe(canvas);
    this.#fit();
  }

  run(): void {
    requestAnimationFrame((at) => {
      this.#count(at);
      this.draw(this.now());
      this.run();
    });
  }

  /** Frames drawn in the last second. */
  get framesPerSecond(): number {
    return this.#frames.length;
  }

  draw(now: number): void {
    const seen = seenAt(now, this.#still.matches, this.#reaching(now));
    this.tape.forget(now - FARTHEST * this.#sight.behind);
    const notes = this.tape.between(seen.from, seen.to);
    const plan = this.state().plan ?? [];
    const view = this.#aim(seen, notes, plan);
    this.#background(view);
    this.#grid(view, now);
    for (const one of plan) this.#ghost(view, one, now);
    for (const note of notes) this.#note(view, note, now);
    this.#arcs(view);
    this.#nowLine(view, now);
    this.#names(view);
    this.#view = view;
    this.perFrame(now);
  }

  /** The model's note under a pointer; null where there is none. */
  noteAt(clientX: number, clientY: number): Note | null {
    const view = this.#view;
    if (view === null) return null;
    const box = this.canvas.getBoundingClientRect();
    const notes = this.tape.between(view.from, view.to);
    const drumY = (row: number): number => this.#drumY(view, row) - this.#top;
    return noteAt(view, notes, clientX - box.left, clientY - box.top - this.#top, drumY, this.now());
  }

  /** What is seen, farther back while arcs reach there; in small steps, or not at all for who wants less motion. */
  #reaching(now: number): Sight {
    const usual = this.#sight.behind;
    const target = this.#still.matches ? usual : reach(this.shown(), now, usual, (FARTHEST - 1) * usual);
    const behind = this.#behind || usual;
    this.#behind = Math.abs(target - behind) < 20_000 ? target : behind + (target - behind) * EASE;
    return { ...this.#sight, behind: this.#behind };
  }

  #count(at: number): void {
    this.#frames.push(at);
    while ((this.#frames[0] ?? at) <= at - 1000) this.#frames.shift();
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.#scale = Math.min(devicePixelRatio, SHARPEST);
    [this.#width, this.#height] = [width, height];
    this.canvas.width = Math.max(1, Math.round(width * this.#scale));
    this.canvas.height = Math.max(1, Math.round(height * this.#scale));
    this.#sight = document.body.classList.contains("on-stage") ? scaled(FAR_AWAY, width) : AT_HAND;
    this.#top = Math.round(TOP * this.#sight.text);
    this.recolour();
  }

  /** Other colours are in force. */
  recolour(): void {
    this.#colours = coloursOf(this.canvas);
  }

  /** The view that shows all of this, reached in small steps. */
  #aim(seen: { from: number; to: number }, notes: Note[], plan: Planned[]): View {
    const tones = notes.filter((note) => note.channel !== DRUMS).map((note) => note.pitch);
    const coming = plan.filter((one) => one[3] !== DRUMS && one[0] < seen.to).map((one) => one[4]);
    const [low, high] = fitted([...tones, ...coming], this.#sight);
    const share = this.#still.matches ? 1 : EASE;
    this.#range = [eased(this.#range[0], low, share), eased(this.#range[1], high, share)];
    this.#drums = notes.some((note) => note.channel === DRUMS) || plan.some((one) => one[3] === DRUMS);
    const drums = this.#drums ? DRUM_NAMES.length * this.#sight.drum + 10 : 0;
    return {
      ...seen,
      low: this.#range[0],
      high: this.#range[1],
      width: this.#width,
      height: this.#height - this.#top - drums,
    };
  }

  #background(view: View): void {
    const context = this.#context;
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    context.fillStyle = this.#colours.back;
    context.fillRect(0, 0, this.#width, this.#height);
    context.font = `${this.#sight.text}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    const row = rowHeight(view);
    for (let pitch = Math.ceil(view.low); pitch <= view.high; pitch += 1) {
      if (![1, 3, 6, 8, 10].includes(pitch % 12)) continue;
      context.fillStyle = this.#colours.lane;
      context.fillRect(0, this.#top + yOf(view, pitch), view.width, row);
    }
    context.fillStyle = this.#colours.bar;
    if (this.#drums) context.fillRect(0, this.#top + view.height + 3, view.width, 1);
  }

  /** Over the notes, which leave the picture under them. */
  #names(view: View): void {
    const context = this.#context;
    context.fillStyle = this.#colours.back;
    context.globalAlpha = 0.85;
    const { text } = this.#sight;
    context.fillRect(0, this.#top, GUTTER * text, view.height);
    if (this.#drums) context.fillRect(0, this.#top + view.height + 4, WIDE * text, this.#height);
    context.globalAlpha = 1;
    context.fillStyle = this.#colours.text;
    for (let pitch = Math.ceil(view.low / 12) * 12; pitch <= view.high; pitch += 12) {
      context.fillText(`C${pitch / 12 - 1}`, 6, this.#top + yOf(view, pitch) + rowHeight(view) / 2);
    }
    if (this.#drums) DRUM_NAMES.forEach((name, row) => context.fillText(name, 6, this.#drumY(view, row)));
  }

  #drumY = (view: View, row: number): number => this.#top + view.height + 8 + (row + 0.5) * this.#sight.drum;

  #grid(view: View, now: number): void {
    const timeline = this.state().timeline;
    const before = barsBefore(this.state(), this.tape, now);
    if (timeline === undefined) return;
    const context = this.#context;
    for (const { micros, bar } of gridLines(timeline, view.from, view.to)) {
      const x = Math.round(xOf(view, micros));
      context.fillStyle = bar === null ? this.#colours.beat : this.#colours.bar;
      context.fillRect(x, this.#top, 1, this.#height - this.#top);
      if (bar === null) continue;
      context.fillStyle = this.#colours.text;
      if (before !== null && isCounted(bar - before))
        context.fillText(`${bar - before}`, x + 4, this.#top / 2);
    }
  }

  #note(view: View, note: Note, now: number): void {
    const colour = note.who === 0 ? this.#colours.you : this.#colours.model;
    const context = this.#context;
    context.fillStyle = colour;
    context.globalAlpha = 0.6 + (0.4 * note.velocity) / 127;
    const x = xOf(view, note.on);
    if (note.channel === DRUMS) {
      this.#head(note.who, x, this.#drumY(view, drumRow(note.pitch)), this.#sight.drum * 0.42);
    } else {
      const end = note.off ?? Math.max(now, note.on);
      this.#bar(view, note.who, x, xOf(view, end), note.pitch);
    }
    context.globalAlpha = 1;
  }

  /** You: a round bar.  The model: a flat one with a diamond where it begins. */
  #bar(view: View, who: 0 | 1, from: number, to: number, pitch: number): void {
    const context = this.#context;
    const row = rowHeight(view);
    const middle = this.#top + yOf(view, pitch) + row / 2;
    const thick = Math.max(this.#sight.note, row * 0.86);
    const wide = Math.max(thick, to - from);
    context.beginPath();
    if (who === 0) context.roundRect(from, middle - thick / 2, wide, thick, thick / 2);
    else context.rect(from, middle - thick * 0.3, wide, thick * 0.6);
    context.fill();
    if (who === 1) this.#head(1, from, middle, thick * 0.72);
  }

  #head(who: 0 | 1, x: number, y: number, radius: number): void {
    const context = this.#context;
    context.beginPath();
    if (who === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
    else diamond(context, x, y, radius);
    context.fill();
  }

  /** From the note that is explained to the notes that it took up, and a ring around each of these. */
  #arcs(view: View): void {
    const shown = this.shown();
    if (shown === null) return;
    const context = this.#context;
    const [x, y] = this.#placeOf(view, shown);
    context.strokeStyle = context.fillStyle = this.#colours.now;
    for (const arc of shown.arcs) {
      const [from, level] = this.#placeOf(view, arc);
      const high = Math.max(this.#top + 4, Math.min(y, level) - 24 - Math.min(90, Math.abs(x - from) / 6));
      context.lineWidth = thickness(arc.nats);
      context.beginPath();
      context.moveTo(x, y);
      context.bezierCurveTo(x, high, from, high, from, level);
      context.stroke();
      this.#ring(from, level);
    }
    this.#ring(x, y);
  }

  #ring(x: number, y: number): void {
    const context = this.#context;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, this.#sight.note + 3, 0, 2 * Math.PI);
    context.stroke();
  }

  #placeOf(view: View, note: { at: number; channel: number; pitch: number }): [number, number] {
    const y =
      note.channel === DRUMS
        ? this.#drumY(view, drumRow(note.pitch))
        : this.#top + yOf(view, note.pitch) + rowHeight(view) / 2;
    return [xOf(view, note.at), y];
  }

  #ghost(view: View, [due, until, , channel, pitch]: Planned, now: number): void {
    if (due <= now || due > view.to) return;
    const context = this.#context;
    const x = xOf(view, due);
    const row = rowHeight(view);
    const isDrum = channel === DRUMS;
    const middle = isDrum ? this.#drumY(view, drumRow(pitch)) : this.#top + yOf(view, pitch) + row / 2;
    const thick = Math.max(this.#sight.note, row * 0.86);
    const radius = isDrum ? this.#sight.drum * 0.42 : thick * 0.72;
    context.strokeStyle = this.#colours.model;
    context.lineWidth = 1.5;
    context.globalAlpha = 0.75;
    context.beginPath();
    diamond(context, x, middle, radius);
    if (!isDrum) {
      const end = xOf(view, until ?? due + 250_000);
      const thin = thick * 0.3;
      context.rect(x + radius, middle - thin, Math.max(2, end - x - radius), 2 * thin);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  #nowLine(view: View, now: number): void {
    const x = Math.round(xOf(view, now));
    const context = this.#context;
    context.fillStyle = this.#colours.now;
    context.fillRect(x - 1, this.#top, 2, this.#height - this.#top);
    context.beginPath();
    const half = this.#sight.text * 0.54;
    context.moveTo(x - half, this.#top - half * 1.3);
    context.lineTo(x + half, this.#top - half * 1.3);
    context.lineTo(x, this.#top);
    context.fill();
  }
}

/** On a telephone that lies on the stage there is less room: no more of it is taken by a note than it has. */
function scaled(sight: Sight, width: number): Sight {
  const share = Math.min(1, Math.max(0.6, width / 1000));
  const { note, drum, text } = sight;
  return { ...sight, note: note * share, drum: drum * share, text: text * share };
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.moveTo(x - radius, y);
  context.lineTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.closePath();
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    back: of("roll"),
    lane: of("roll-lane"),
    bar: of("roll-bar"),
    beat: of("roll-beat"),
    text: of("faint"),
    you: of("you"),
    model: of("model"),
    now: of("text"),
  };
}
