// The drums of the General MIDI map: a head whose pitch falls, noise through a filter, or both.

import type { Instrument } from "./instruments";
import { loudness } from "./tones";
import { Voice, Voices } from "./voices";

/** Times are time constants, in seconds; frequencies in hertz. */
interface Drum {
  head?: { from: number; to: number; fall: number; decay: number; level: number; wave?: OscillatorType };
  noise?: { filter: BiquadFilterType; at: number; q?: number; decay: number; level: number };
}

const STROKES = 16; // that ring at one time
const GONE = 7; // time constants until a stroke is 60 dB down

const KICK: Drum = {
  head: { from: 210, to: 52, fall: 0.022, decay: 0.11, level: 0.75 },
  noise: { filter: "lowpass", at: 2600, decay: 0.004, level: 0.35 },
};
const SNARE: Drum = {
  head: { from: 260, to: 185, fall: 0.02, decay: 0.045, level: 0.4 },
  noise: { filter: "bandpass", at: 2900, q: 0.5, decay: 0.06, level: 0.65 },
};
const RIM: Drum = {
  head: { from: 900, to: 820, fall: 0.01, decay: 0.012, level: 0.5, wave: "triangle" },
  noise: { filter: "bandpass", at: 2400, q: 2, decay: 0.008, level: 0.5 },
};
const CLAP: Drum = { noise: { filter: "bandpass", at: 1300, q: 1.4, decay: 0.07, level: 0.9 } };
const CLOSED: Drum = { noise: { filter: "highpass", at: 7500, decay: 0.016, level: 0.4 } };
const OPEN: Drum = { noise: { filter: "highpass", at: 7000, decay: 0.11, level: 0.36 } };
const RIDE: Drum = {
  head: { from: 3450, to: 3450, fall: 1, decay: 0.1, level: 0.05, wave: "triangle" },
  noise: { filter: "highpass", at: 6500, decay: 0.16, level: 0.22 },
};
const CRASH: Drum = { noise: { filter: "highpass", at: 4200, decay: 0.34, level: 0.28 } };
const BELL: Drum = {
  head: { from: 845, to: 840, fall: 0.01, decay: 0.06, level: 0.25, wave: "square" },
};
const wood = (hertz: number): Drum => ({
  head: { from: hertz * 1.1, to: hertz, fall: 0.006, decay: 0.022, level: 0.8, wave: "triangle" },
  noise: { filter: "bandpass", at: 3200, q: 2, decay: 0.004, level: 0.3 },
});
const SHAKER: Drum = { noise: { filter: "bandpass", at: 5600, q: 1, decay: 0.025, level: 0.4 } };
const tom = (hertz: number): Drum => ({
  head: { from: hertz * 1.7, to: hertz, fall: 0.04, decay: 0.12, level: 0.7 },
  noise: { filter: "lowpass", at: 1800, decay: 0.008, level: 0.2 },
});

const DRUMS: readonly [Drum, number[]][] = [
  [KICK, [35, 36]],
  [SNARE, [38, 40]],
  [RIM, [31, 37, 75]],
  [wood(1180), [76]], // the click: high on the one
  [wood(790), [77]],
  [CLAP, [39]],
  [CLOSED, [42, 44]],
  [OPEN, [46]],
  [RIDE, [51, 53, 59]],
  [CRASH, [49, 52, 55, 57]],
  [BELL, [56, 67, 68, 80, 81]],
  [SHAKER, [54, 69, 70, 73, 74, 82]],
  [tom(80), [41, 64]],
  [tom(98), [43, 66]],
  [tom(118), [45, 61, 63]],
  [tom(140), [47, 60, 62]],
  [tom(165), [48, 65]],
  [tom(195), [50]],
];
const BY_PITCH = new Map(DRUMS.flatMap(([drum, pitches]) => pitches.map((pitch) => [pitch, drum] as const)));
export const drumOf = (pitch: number): Drum => BY_PITCH.get(pitch) ?? RIM;
const HATS = [42, 44, 46]; // one pair of cymbals: what is struck last ends the others

export class Kit implements Instrument {
  readonly #voices: Voices;
  readonly #noise: AudioBuffer;

  constructor(
    private readonly context: BaseAudioContext,
    private readonly out: AudioNode,
  ) {
    this.#voices = new Voices(context, STROKES);
    this.#noise = noise(context);
  }

  get isSounding(): boolean {
    return this.#voices.isSounding;
  }

  on(pitch: number, velocity: number, at: number): void {
    const drum = drumOf(pitch);
    for (const one of HATS.includes(pitch) ? HATS : [pitch]) this.#voices.held(one)?.cut(at);
    const strength = loudness(velocity / 127);
    const gate = this.context.createGain();
    gate.connect(this.out);
    const sources = [...this.#head(drum, strength, at, gate), ...this.#wires(drum, strength, at, gate)];
    const longest = Math.max(drum.head?.decay ?? 0, drum.noise?.decay ?? 0);
    this.#voices.add(new Voice(pitch, at, at + GONE * longest, { sources, gate }));
  }

  off(): void {
    // a drum rings out by itself
  }

  silence(): void {
    this.#voices.silence();
  }

  #head({ head }: Drum, strength: number, at: number, gate: GainNode): OscillatorNode[] {
    if (head === undefined) return [];
    const oscillator = this.context.createOscillator();
    oscillator.type = head.wave ?? "sine";
    oscillator.frequency.setValueAtTime(head.from, at);
    oscillator.frequency.setTargetAtTime(head.to, at, head.fall);
    oscillator.connect(this.#dying(strength * head.level, at, head.decay)).connect(gate);
    return [oscillator];
  }

  #wires({ noise }: Drum, strength: number, at: number, gate: GainNode): AudioBufferSourceNode[] {
    if (noise === undefined) return [];
    const source = this.context.createBufferSource();
    source.buffer = this.#noise;
    source.loop = true;
    const filter = this.context.createBiquadFilter();
    filter.type = noise.filter;
    filter.frequency.value = noise.at;
    filter.Q.value = noise.q ?? 0.7;
    source
      .connect(filter)
      .connect(this.#dying(strength * noise.level, at, noise.decay))
      .connect(gate);
    return [source];
  }

  #dying(level: number, at: number, decay: number): GainNode {
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(level, at);
    gain.gain.setTargetAtTime(0, at, decay);
    return gain;
  }
}

/** A second and a half of white noise: every stroke has the same, which nobody hears. */
function noise(context: BaseAudioContext): AudioBuffer {
  const buffer = context.createBuffer(1, Math.round(1.5 * context.sampleRate), context.sampleRate);
  buffer.getChannelData(0).forEach((_, index, samples) => (samples[index] = 2 * Math.random() - 1));
  return buffer;
}
