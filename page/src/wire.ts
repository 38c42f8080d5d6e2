// The socket: connects, connects again, measures the clock, passes messages on.  Knows nothing of what they mean.

import { ServerClock } from "./clock";
import type { FromServer, ToServer } from "./types";

export type Status = "connecting" | "open" | "lost" | "full" | "refused" | "keyless";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;
const QUICK_PINGS = 6;
const MOST_WAITING = 16_384; // bytes: half a second of audio, which is of no use any more

// Why the server closed, where it says so.
const WRONG_TOKEN = 4401;
const FULL = 1013;
const MISUSED = 1008;
// Why one is to come again at once: the worker is started anew, or the room is at another.
const COME_AGAIN = [1012, 4303];
const AT_ONCE_MS = 20;

export const localMicros = (): number => performance.now() * 1000;

export class Wire {
  readonly clock = new ServerClock();
  readonly #listeners: ((message: FromServer) => void)[] = [];
  readonly #watchers: ((status: Status) => void)[] = [];
  #socket: WebSocket | null = null;
  #wait = FIRST_WAIT_MS;
  #pings = 0;
  #timer = 0;
  #retry = 0;
  status: Status = "connecting";

  constructor(
    private readonly url: string,
    public token: string,
    public room = "",
  ) {}

  onMessage(listener: (message: FromServer) => void): void {
    this.#listeners.push(listener);
  }

  onStatus(watcher: (status: Status) => void): void {
    this.#watchers.push(watcher);
  }

  connect(): void {
    if (this.token === "") return this.#become("keyless");
    // The address says the room, for by it a studio leads to the process that has it.
    const where = this.room === "" ? "" : `?room=${encodeURIComponent(this.room)}`;
    const socket = new WebSocket(this.url + where);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ token: this.token, room: this.room }));
    socket.onmessage = (event) => this.#take(String(event.data));
    socket.onclose = (event) => this.#lost(event.code);
  }

  /** Connects with another token; nothing is heard of the connection with the old one any more. */
  renew(token: string): void {
    if (token === this.token && this.status === "open") return;
    this.token = token;
    this.#wait = FIRST_WAIT_MS;
    window.clearTimeout(this.#retry);
    const old = this.#socket;
    if (old !== null) {
      old.onopen = old.onmessage = old.onclose = null;
      old.close();
    }
    this.#become("connecting");
    this.connect();
  }

  /** Whether it was handed to the socket. */
  send(message: ToServer): boolean {
    if (this.status !== "open" || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Hands bytes to the socket; they are left out where it does not keep up. */
  sendBytes(bytes: ArrayBuffer): void {
    const socket = this.#socket;
    if (this.status !== "open" || socket?.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount < MOST_WAITING) socket.send(bytes);
  }

  /** The server's time, now. */
  now(): number {
    return this.clock.now(localMicros());
  }

  #take(text: string): void {
    const message = JSON.parse(text) as FromServer;
    if (message.t === "token") this.token = message.token;
    if (message.t === "room") this.room = message.room;
    if (message.t === "hello") {
      this.room = message.room ?? "";
      this.#welcomed(message.now);
    }
    if (message.t === "pong") this.clock.take(message.at, localMicros(), message.now);
    for (const listener of this.#listeners) listener(message);
  }

  #welcomed(serverMicros: number): void {
    this.#wait = FIRST_WAIT_MS;
    if (this.status === "open") return;
    this.clock.forget();
    this.clock.hint(localMicros(), serverMicros);
    this.#become("open");
    this.#pings = 0;
    this.#ping();
  }

  #ping(): void {
    window.clearTimeout(this.#timer);
    if (!this.send({ t: "ping", at: localMicros() })) return;
    this.#pings += 1;
    this.#timer = window.setTimeout(() => this.#ping(), this.#pings < QUICK_PINGS ? 120 : 2000);
  }

  #lost(code: number): void {
    if (code === WRONG_TOKEN) return this.#become("refused");
    this.#become(code === FULL ? "full" : "lost");
    const isFirst = this.#wait === FIRST_WAIT_MS;
    // Not all pages of a class at the same moment.
    const soon = COME_AGAIN.includes(code) && isFirst ? AT_ONCE_MS : this.#wait * (0.5 + Math.random() / 2);
    const wait = code === FULL || code === MISUSED ? LONGEST_WAIT_MS : soon;
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    this.#retry = window.setTimeout(() => this.connect(), wait);
  }

  #become(status: Status): void {
    if (status === this.status) return;
    this.status = status;
    for (const watcher of this.#watchers) watcher(status);
  }
}
