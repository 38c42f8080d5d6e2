// The server's clock as the page sees it: answers to pings say how far the two lie apart.  Knows no socket.

interface Sample {
  trip: number;
  offset: number;
}

const KEPT = 12; // of the latest pings, the quickest is believed
const SLEW = 0.02; // the shown time runs at most this much too fast or slow: notes on the stage never jump
const JUMP_US = 250_000; // further off than this it is set at once

/** Micros of the server's clock from micros of this page's. */
export class ServerClock {
  #samples: Sample[] = [];
  #shown: number | null = null;
  #last = 0;

  /** A ping sent and answered at these local micros; the server's clock stood at `server` in between. */
  take(sent: number, received: number, server: number): void {
    this.#samples.push({ trip: received - sent, offset: server - (sent + received) / 2 });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  /** What the server said its time was when a message without a question came; counts until a ping is answered. */
  hint(received: number, server: number): void {
    if (this.#samples.length === 0) this.take(received - 10_000_000, received, server - 5_000_000);
  }

  forget(): void {
    this.#samples = [];
    this.#shown = null;
  }

  /** How far the server's clock is ahead, by the quickest answer. */
  get offset(): number {
    return this.#samples.reduce((best, one) => (one.trip < best.trip ? one : best), {
      trip: Infinity,
      offset: 0,
    }).offset;
  }

  /** The server's time at these local micros, which must not go back. */
  now(local: number): number {
    const wanted = this.offset;
    if (this.#shown === null || Math.abs(wanted - this.#shown) > JUMP_US) this.#shown = wanted;
    const most = Math.max(0, local - this.#last) * SLEW;
    this.#shown += Math.max(-most, Math.min(most, wanted - this.#shown));
    this.#last = local;
    return local + this.#shown;
  }
}
