// Sustain pedals of players, by channel: while one is down, notes go on whose keys come up.  Knows no sound.

const DOWN = 64; // a value from which on a pedal is down

export class Pedals {
  readonly #kept = new Map<number, Set<number>>(); // of pedals that are down: the pitches whose keys came up

  /** A key moves; whether its note goes on, because the pedal keeps it. */
  keeps(channel: number, pitch: number, velocity: number): boolean {
    const kept = this.#kept.get(channel);
    if (kept === undefined) return false;
    if (velocity > 0) kept.delete(pitch);
    else kept.add(pitch);
    return velocity === 0;
  }

  /** A pedal moves; the pitches that end with it. */
  turn(channel: number, value: number): number[] {
    const kept = this.#kept.get(channel);
    if (value >= DOWN) {
      if (kept === undefined) this.#kept.set(channel, new Set());
      return [];
    }
    this.#kept.delete(channel);
    return [...(kept ?? [])];
  }

  /** Everything was silenced, and all pedals count as up: nobody may be there to lift them. */
  forget(): void {
    this.#kept.clear();
  }
}
