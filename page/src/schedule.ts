// What is to be played here, each message when it is due: a studio hands it out ahead of time, for the network takes
// its own.  Knows no socket and no sound.  Times are micros of the server's clock.

import type { HeardNote, Music } from "./types";

const AHEAD_US = 25_000; // so much before its time a note goes to the sound, which keeps it until then
const EVERY_MS = 10;
const SILENT_US = 250_000; // a server that is not heard of for so long will not end its notes

const keyOf = (status: number, pitch: number): number => (status & 15) * 128 + pitch;

export class Schedule {
  #waiting: HeardNote[] = [];
  #held = new Set<number>(); // keys that were begun here: channel * 128 + pitch
  #beat = 0; // when the server was heard of last

  constructor(private readonly play: (note: HeardNote) => void) {}

  /** Steps for ever, by this clock. */
  run(now: () => number): void {
    window.setInterval(() => this.step(now()), EVERY_MS);
  }

  take(music: readonly Music[], now: number): void {
    this.#beat = now;
    for (const one of music) {
      if ("cut" in one) this.cut(one.cut, now);
      else this.#put([1, one[0], one[1], one[2] ?? 0, one[3]]);
    }
    this.step(now);
  }

  /** The server lives. */
  beat(now: number): void {
    this.#beat = now;
  }

  /** Plays what is due; ends what sounds where the server is silent. */
  step(now: number): void {
    if (now - this.#beat > SILENT_US) return this.silence(now);
    while (this.#waiting[0] !== undefined && this.#waiting[0][1] <= now + AHEAD_US)
      this.#pass(this.#waiting.shift() as HeardNote);
  }

  /** Withdraws what waits and ends what sounds: all of it, or that of some keys, as [channel, pitch]. */
  cut(keys: readonly (readonly [number, number])[], now: number): void {
    const cut = new Set(keys.map(([channel, pitch]) => channel * 128 + pitch));
    const isCut = (key: number): boolean => cut.size === 0 || cut.has(key);
    this.#waiting = this.#waiting.filter(([, , status, pitch]) => !isCut(keyOf(status, pitch)));
    for (const key of [...this.#held]) if (isCut(key)) this.#pass([1, now, 0x80 | (key >> 7), key & 127, 64]);
  }

  silence(now: number): void {
    if (this.#waiting.length > 0 || this.#held.size > 0) this.cut([], now);
  }

  /** In order of what is due; of what is due at once in the order in which it came. */
  #put(note: HeardNote): void {
    let at = this.#waiting.length;
    while (at > 0 && (this.#waiting[at - 1] as HeardNote)[1] > note[1]) at -= 1;
    this.#waiting.splice(at, 0, note);
  }

  /** An end of what does not sound here is no news: it was cut. */
  #pass(note: HeardNote): void {
    const [, , status, pitch, velocity = 0] = note;
    const kind = status & 0xf0;
    const key = keyOf(status, pitch);
    const begins = kind === 0x90 && velocity > 0;
    if (begins) this.#held.add(key);
    else if ((kind === 0x80 || kind === 0x90) && !this.#held.delete(key)) return;
    this.play(note);
  }
}
