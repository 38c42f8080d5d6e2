// What an instrument sends, at a pace that livegen takes from a page: of knobs too fast for it the latest value.
// Knows bytes and times; time is given.

export type Bytes = [number, number, number] | [number, number];

// livegen takes 200 messages a second from a page; what is left is for notes.
const BURST = 60;
const PER_S = 120;

const CONTROLLER = 0xb0;
const DATA_ENTRY = [6, 38, 96, 97]; // of the parameter chosen last on the channel (MIDI 1.0, NRPN and RPN)
const PARAMETER_MSB = [99, 101];
const PARAMETER_LSB = [98, 100];

/** A value that may wait: its message, or both halves as they came; `parameter` is what must be chosen before it. */
interface Value {
  key: string;
  channel: number;
  data: Bytes[];
  parameter: Bytes[];
}

export class Pace {
  #room = BURST;
  #at = 0;
  #waiting = new Map<string, Value>(); // the longest waiting first
  #chosen = new Map<number, Bytes[]>(); // parameter by channel, as the instrument chose it
  #told = new Map<number, string>(); // and as livegen knows it
  #isTimed = false;

  /** `now` is in milliseconds; `later` calls after so many of them. */
  constructor(
    private readonly send: (data: Bytes) => void,
    private readonly now: () => number,
    private readonly later: (ms: number, act: () => void) => void,
  ) {}

  /** Notes and programs go at once, after the values of their channel; a value when there is room. */
  take(data: Bytes): void {
    const [status, number] = data;
    if (mustGo(status)) return this.#go(data);
    if (isController(status) && [...PARAMETER_MSB, ...PARAMETER_LSB].includes(number))
      return this.#choose(data);
    const value = this.#valueOf(data);
    if (this.#waiting.size === 0 && this.#hasRoom()) return this.#pass(value);
    const isOther = (one: Bytes): boolean => isController(status) && one[1] !== number;
    const others = (this.#waiting.get(value.key)?.data ?? []).filter(isOther);
    this.#waiting.set(value.key, { ...value, data: [...others, data] });
    this.#wait();
  }

  #go(data: Bytes): void {
    for (const value of [...this.#waiting.values()]) if (value.channel === channelOf(data)) this.#pass(value);
    this.send(data);
  }

  /** A choice does nothing by itself: it goes with the value that it is for. */
  #choose(data: Bytes): void {
    const channel = channelOf(data);
    const [msb, lsb] = this.#chosen.get(channel) ?? [];
    const chosen = PARAMETER_MSB.includes(data[1]) ? [data, lsb] : [msb, data];
    this.#chosen.set(
      channel,
      chosen.filter((one) => one !== undefined),
    );
  }

  #valueOf(data: Bytes): Value {
    const [status, number] = data;
    const channel = channelOf(data);
    const isEntry = isController(status) && DATA_ENTRY.includes(number);
    const parameter = isEntry ? (this.#chosen.get(channel) ?? []) : [];
    return { key: [status, whichOf(data), ...parameter].join(), channel, data: [data], parameter };
  }

  #pass({ key, channel, data, parameter }: Value): void {
    this.#waiting.delete(key);
    const chosen = parameter.join();
    const isTold = chosen === "" || this.#told.get(channel) === chosen;
    if (!isTold) this.#told.set(channel, chosen);
    for (const one of isTold ? data : [...parameter, ...data]) {
      this.#room -= 1;
      this.send(one);
    }
  }

  #hasRoom(): boolean {
    const now = this.now();
    this.#room = Math.min(BURST, this.#room + ((now - this.#at) * PER_S) / 1000);
    this.#at = now;
    return this.#room >= 1;
  }

  #wait(): void {
    if (this.#isTimed || this.#waiting.size === 0) return;
    this.#isTimed = true;
    this.later(1000 / PER_S, () => this.#due());
  }

  #due(): void {
    this.#isTimed = false;
    for (const value of [...this.#waiting.values()]) {
      if (!this.#hasRoom()) break;
      this.#pass(value);
    }
    this.#wait();
  }
}

const channelOf = ([status]: Bytes): number => status & 15;

const isController = (status: number): boolean => (status & 0xf0) === CONTROLLER;

/** Notes and programs: none of them stands for another. */
const mustGo = (status: number): boolean => [0x80, 0x90, 0xc0].includes(status & 0xf0);

/** Which value of its status it is: of a controller the number, for both halves of 14 bits; of pressure the key. */
function whichOf([status, number]: Bytes): number {
  if (isController(status)) return number < 64 ? number % 32 : number;
  return (status & 0xf0) === 0xa0 ? number : 0;
}
