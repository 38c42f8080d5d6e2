// What has sounded: messages become notes with a beginning and an end.  Knows no screen and no clock.

import type { HeardNote } from "./types";

export interface Note {
  who: 0 | 1;
  channel: number;
  pitch: number;
  velocity: number;
  on: number;
  off: number | null; // null while it is held
}

const MOST = 4096;
const SILENCERS = new Set([120, 123]); // controllers: all sound off, all notes off

export const REST_US = 10_000_000; // of both players, with no key held: what follows is something new

export class NoteTape {
  notes: Note[] = [];
  #began = 0; // when the first note since the last rest began
  #latest: number | null = null; // when a note last began or ended
  #open = new Map<number, Note>();

  take([who, micros, status, pitch, velocity = 0]: HeardNote): void {
    const kind = status & 0xf0;
    const channel = status & 0x0f;
    if (kind === 0x90 && velocity > 0) this.#begin({ who, channel, pitch, velocity, on: micros, off: null });
    else if (kind === 0x90 || kind === 0x80) this.#end(key(who, channel, pitch), micros);
    else if (kind === 0xb0 && SILENCERS.has(pitch)) this.#silence(who, channel, micros);
  }

  /** Everything ends: messages were missed, and nobody knows which. */
  endAll(micros: number): void {
    for (const id of [...this.#open.keys()]) this.#end(id, micros);
  }

  /** Those that sound within these micros. */
  between(from: number, to: number): Note[] {
    return this.notes.filter((note) => note.on <= to && (note.off ?? Infinity) >= from);
  }

  isHeld(who: 0 | 1, pitch: number): boolean {
    for (const note of this.#open.values())
      if (note.who === who && note.pitch === pitch && note.channel !== 9) return true;
    return false;
  }

  /** When what is being played began, in micros; null while nobody has played for `REST_US`. */
  playedSince(now: number): number | null {
    if (this.#latest === null) return null;
    return this.#open.size > 0 || now - this.#latest <= REST_US ? this.#began : null;
  }

  forget(before: number): void {
    if (this.notes.length > MOST) this.notes = this.notes.slice(-MOST / 2);
    const first = this.notes[0];
    if (first === undefined || (first.off ?? Infinity) > before) return;
    this.notes = this.notes.filter((note) => (note.off ?? Infinity) > before);
  }

  #begin(note: Note): void {
    const id = key(note.who, note.channel, note.pitch);
    const hasRested = this.#open.size === 0 && note.on - (this.#latest ?? -Infinity) > REST_US;
    if (hasRested) this.#began = note.on;
    this.#latest = Math.max(this.#latest ?? note.on, note.on);
    this.#end(id, note.on);
    this.#open.set(id, note);
    this.notes.push(note);
  }

  #end(id: number, micros: number): void {
    const note = this.#open.get(id);
    if (note === undefined) return;
    note.off = Math.max(note.on, micros);
    this.#latest = Math.max(this.#latest ?? micros, note.off);
    this.#open.delete(id);
  }

  #silence(who: 0 | 1, channel: number, micros: number): void {
    for (let pitch = 0; pitch < 128; pitch += 1) this.#end(key(who, channel, pitch), micros);
  }
}

const key = (who: number, channel: number, pitch: number): number => (who * 16 + channel) * 128 + pitch;
