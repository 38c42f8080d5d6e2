// A MIDI file that is dropped on the page plays to the model in your place: from the next bar line on, in the tempo that
// is played, or at once in its own tempo where nobody counts.  The model answers it, or goes along with it.

import { Midi } from "@tonejs/midi";
import { button, el, find, say } from "./dom";
import type { Bytes } from "./pace";
import { TICKS_PER_BEAT } from "./roll";
import type { EngineState } from "./types";

export const MOST_BYTES = 1 << 18;
export const MOST_NOTES = 4000;
export const MOST_BEATS = 1024;
const DRUMS = 9;
const SOON_US = 250_000; // a bar line that is nearer cannot be met
const AT_ONCE_US = 100_000;
const LOOKS_AHEAD_MS = 500; // so long before they are due strokes are handed to the browser's timer
const EVERY_MS = 100;

/** A key that goes down, or with velocity 0 comes up, so many beats after the first bar line. */
export interface ClipStroke {
  beat: number;
  channel: number;
  pitch: number;
  velocity: number;
}

export interface Clip {
  strokes: ClipStroke[];
  beats: number;
  bpm: number;
}

/** All notes of a file as one player's: drums on their channel, all else on the first. Raises what a person reads. */
export function clipOf(file: ArrayBuffer): Clip {
  if (file.byteLength > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES >> 10} kB`);
  let midi: Midi;
  try {
    midi = new Midi(file);
  } catch {
    throw new Error("it is no MIDI file");
  }
  const { ppq } = midi.header;
  const strokes: ClipStroke[] = [];
  for (const track of midi.tracks) {
    const channel = track.channel === DRUMS ? DRUMS : 0;
    for (const { ticks, durationTicks, midi: pitch, velocity } of track.notes) {
      const loudness = Math.min(127, Math.max(1, Math.round(velocity * 127)));
      const until = ticks + Math.max(1, durationTicks);
      strokes.push({ beat: ticks / ppq, channel, pitch, velocity: loudness });
      strokes.push({ beat: until / ppq, channel, pitch, velocity: 0 });
    }
  }
  if (strokes.length === 0) throw new Error("there is no note in it");
  if (strokes.length > 2 * MOST_NOTES) throw new Error(`it has more than ${MOST_NOTES} notes`);
  strokes.sort((one, other) => one.beat - other.beat || one.velocity - other.velocity);
  const beats = strokes.at(-1)?.beat ?? 0;
  if (!(beats <= MOST_BEATS)) throw new Error(`it is longer than ${MOST_BEATS} beats`);
  return { strokes, beats, bpm: midi.header.tempos[0]?.bpm ?? 120 };
}

/** When its first bar line is to be, and micros of its beat: the next bar line of the jam where that counts, else now. */
export function placeOf(clip: Clip, state: EngineState, now: number): { from: number; beatUs: number } {
  const { timeline, leader } = state;
  if (timeline === undefined || leader === "free" || !(timeline[0] > 0))
    return { from: now + AT_ONCE_US, beatUs: 60_000_000 / clip.bpm };
  const [beatUs, origin, barTicks] = timeline;
  const barUs = (beatUs * barTicks) / TICKS_PER_BEAT;
  return { from: origin + Math.ceil((now + SOON_US - origin) / barUs) * barUs, beatUs };
}

export class ClipPlayer {
  #said = el("span", { class: "hint", role: "status", id: "clip-said" });
  #stop = button("Stop the clip", () => this.stop(), { class: "small", hidden: true });
  #waiting: { at: number; stroke: ClipStroke }[] = [];
  #timers = new Set<number>();
  #down = new Map<number, ClipStroke>();
  #timer = 0;

  constructor(
    private readonly play: (data: Bytes) => void,
    private readonly state: () => EngineState,
    private readonly now: () => number,
  ) {
    const field = el("input", { type: "file", accept: ".mid,.midi,audio/midi", hidden: true });
    const choose = button("Play a clip", () => field.click(), {
      id: "clip",
      title: "A MIDI file plays to the model in your place; you can also drop one on the page.",
    });
    field.addEventListener("change", () => {
      void this.take(field.files?.[0]);
      field.value = "";
    });
    find("keys-tools").append(choose, field, this.#stop, this.#said);
    document.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    document.addEventListener("drop", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // else the browser would leave the page and open the file
      void this.take(event.dataTransfer.files[0]);
    });
  }

  async take(file: File | undefined): Promise<void> {
    if (file === undefined) return;
    this.stop();
    try {
      if (file.size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES >> 10} kB`);
      this.#begin(clipOf(await file.arrayBuffer()), file.name);
    } catch (error) {
      say(this.#said, `${file.name} cannot be played: ${(error as Error).message}`);
    }
  }

  /** What sounds of it ends. */
  stop(): void {
    window.clearInterval(this.#timer);
    for (const timer of this.#timers) window.clearTimeout(timer);
    this.#timers.clear();
    this.#waiting = [];
    for (const { channel, pitch } of this.#down.values()) this.play([0x80 | channel, pitch, 64]);
    this.#down.clear();
    this.#stop.hidden = true;
    say(this.#said, "");
  }

  #begin(clip: Clip, name: string): void {
    const { from, beatUs } = placeOf(clip, this.state(), this.now());
    this.#waiting = clip.strokes.map((stroke) => ({ at: from + stroke.beat * beatUs, stroke }));
    say(this.#said, `${name} plays to the model`);
    this.#stop.hidden = false;
    this.#timer = window.setInterval(() => this.#hand(), EVERY_MS);
    this.#hand();
  }

  #hand(): void {
    for (; this.#waiting[0] !== undefined;) {
      const wait = (this.#waiting[0].at - this.now()) / 1000;
      if (wait > LOOKS_AHEAD_MS) return;
      const { stroke } = this.#waiting.shift() as { stroke: ClipStroke };
      const timer = window.setTimeout(
        () => {
          this.#timers.delete(timer);
          this.#strike(stroke);
        },
        Math.max(0, wait),
      );
      this.#timers.add(timer);
    }
    window.clearInterval(this.#timer);
  }

  #strike(stroke: ClipStroke): void {
    const { channel, pitch, velocity } = stroke;
    const key = channel * 128 + pitch;
    if (velocity > 0) this.#down.set(key, stroke);
    else this.#down.delete(key);
    this.play([(velocity > 0 ? 0x90 : 0x80) | channel, pitch, velocity > 0 ? velocity : 64]);
    if (this.#waiting.length === 0 && this.#timers.size === 0) this.stop();
  }
}
