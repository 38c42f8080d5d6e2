// Voices: each is finite from its beginning, and a part has only so many.  Knows neither instruments nor keys.
//
// The browser frees what has stopped.  So every source gets its stop together with its start, and nothing here is kept
// running for the next note: what sounds is all there is.

const SHORTEST_S = 0.06; // a note that was let go while the audio was on its way is heard nevertheless
const CUT_S = 0.006; // time constant of a voice that is taken for another: as fast as is possible without a click
const GONE = 7; // time constants until a voice is 60 dB down, and stopped

/** What a voice is made of: the sources that begin and stop, and the gain through which all of it leaves. */
export interface Sounding {
  sources: AudioScheduledSourceNode[];
  gate: GainNode;
}

export class Voice {
  isHeld = true;
  isCut = false;

  /** Begins and ends at times of the audio context, in seconds; at `ends` it has died away by itself. */
  constructor(
    readonly pitch: number,
    readonly begins: number,
    public ends: number,
    private readonly sounding: Sounding,
  ) {
    for (const source of sounding.sources) {
      source.start(begins);
      source.stop(ends);
    }
    const first = sounding.sources[0];
    if (first !== undefined) first.onended = () => sounding.gate.disconnect();
  }

  /** Lets go, with the time constant in which it dies away. */
  release(at: number, seconds: number): void {
    this.isHeld = false;
    this.#end(Math.max(at, this.begins + SHORTEST_S), seconds);
  }

  /** Makes room for another. */
  cut(at: number): void {
    this.isHeld = false;
    this.isCut = true;
    this.#end(at, CUT_S);
  }

  /** Ends at this moment, with a click: for when there is no time left for better. */
  drop(): void {
    this.ends = 0;
    this.sounding.gate.disconnect();
    for (const source of this.sounding.sources) source.stop();
  }

  #end(at: number, seconds: number): void {
    const ends = at + GONE * seconds;
    if (ends >= this.ends) return;
    this.ends = ends;
    this.sounding.gate.gain.setTargetAtTime(0, at, seconds);
    for (const source of this.sounding.sources) source.stop(ends);
  }
}

/** The voices of one part, of which at most so many sound at one time. */
export class Voices {
  #voices: Voice[] = [];

  constructor(
    private readonly context: BaseAudioContext,
    private readonly most: number,
  ) {}

  get isSounding(): boolean {
    return this.#voices.some((voice) => voice.ends > this.context.currentTime);
  }

  held(pitch: number): Voice | undefined {
    return this.#voices.find((voice) => voice.isHeld && voice.pitch === pitch);
  }

  /** Takes a voice in.  Where there are too many, one that was let go is taken away, else the oldest. */
  add(voice: Voice): void {
    const now = this.context.currentTime;
    this.#voices = this.#voices.filter((one) => one.ends > now);
    const cut = this.#voices.filter((one) => one.isCut);
    if (cut.length >= this.most) cut[0]?.drop();
    const sounding = this.#voices.filter((one) => one.ends > voice.begins && !one.isCut);
    if (sounding.length >= this.most) {
      (sounding.find((one) => !one.isHeld) ?? sounding[0])?.cut(voice.begins);
    }
    this.#voices.push(voice);
  }

  /** Ends everything, and what has not begun yet never does. */
  silence(): void {
    for (const voice of this.#voices) voice.cut(this.context.currentTime);
  }
}
