// The parts that have pitches: one or two oscillators, a filter that closes as the note dies away, and an envelope.

import type { Instrument } from "./instruments";
import { Voice, Voices } from "./voices";

/** How one part sounds.  Times are time constants, in seconds. */
export interface Tone {
  partials: readonly number[]; // strengths of the harmonics of each oscillator
  detune: readonly number[]; // of each oscillator, in cents
  bell?: { ratio: number; depth: number; decay: number }; // a second oscillator that bends the first ones: how far, in their own frequency
  bright: { from: number; to: number; decay: number; low: number }; // cutoff in multiples of the pitch, and at least so many hertz
  attack: number;
  decay: number;
  sustain: number; // share of the peak
  fade: number; // of what is held: nothing is held for ever
  release: number;
  level: number; // of a note of velocity 127
  voices: number;
}

const FADES = 6; // time constants after which a held note has died away
const DECAYS = 3; // time constants after which it is at its sustain

export class Tones implements Instrument {
  readonly #voices: Voices;
  readonly #wave: PeriodicWave;

  constructor(
    private readonly context: BaseAudioContext,
    private readonly out: AudioNode,
    private readonly tone: Tone,
  ) {
    this.#voices = new Voices(context, tone.voices);
    const strengths = Float32Array.from([0, ...tone.partials]);
    this.#wave = context.createPeriodicWave(new Float32Array(strengths.length), strengths);
  }

  get isSounding(): boolean {
    return this.#voices.isSounding;
  }

  on(pitch: number, velocity: number, at: number): void {
    this.off(pitch, at);
    const { attack, decay, fade } = this.tone;
    const ends = at + attack + DECAYS * decay + FADES * fade;
    this.#voices.add(new Voice(pitch, at, ends, this.#sounding(hertz(pitch), velocity / 127, at)));
  }

  off(pitch: number, at: number): void {
    this.#voices.held(pitch)?.release(at, this.tone.release);
  }

  silence(): void {
    this.#voices.silence();
  }

  #sounding(frequency: number, strength: number, at: number): { sources: OscillatorNode[]; gate: GainNode } {
    const gate = this.context.createGain();
    const envelope = this.#envelope(strength, at);
    const sources = this.tone.detune.map((cents) => this.#oscillator(frequency, cents));
    const filter = this.#filter(frequency, strength, at);
    for (const source of sources) source.connect(filter);
    filter.connect(envelope).connect(gate).connect(this.out);
    return { sources: [...sources, ...this.#bell(frequency, strength, at, sources)], gate };
  }

  #oscillator(frequency: number, cents: number): OscillatorNode {
    const oscillator = this.context.createOscillator();
    oscillator.setPeriodicWave(this.#wave);
    oscillator.frequency.value = frequency;
    oscillator.detune.value = cents;
    return oscillator;
  }

  #bell(frequency: number, strength: number, at: number, carriers: OscillatorNode[]): OscillatorNode[] {
    const { bell } = this.tone;
    if (bell === undefined) return [];
    const oscillator = this.context.createOscillator();
    oscillator.frequency.value = frequency * bell.ratio;
    const depth = this.context.createGain();
    depth.gain.setValueAtTime(frequency * bell.depth * strength, at);
    depth.gain.setTargetAtTime(0, at, bell.decay);
    oscillator.connect(depth);
    for (const carrier of carriers) depth.connect(carrier.frequency);
    return [oscillator];
  }

  #filter(frequency: number, strength: number, at: number): BiquadFilterNode {
    const { from, to, decay, low } = this.tone.bright;
    const highest = 0.45 * this.context.sampleRate;
    const cutoff = (multiple: number): number => Math.min(highest, low + frequency * multiple);
    const filter = this.context.createBiquadFilter();
    filter.Q.value = 0.7;
    filter.frequency.automationRate = "k-rate"; // anew for each block, not for each sample: much less work
    filter.frequency.setValueAtTime(cutoff(from * (0.4 + 0.6 * strength)), at);
    filter.frequency.setTargetAtTime(cutoff(to), at, decay);
    return filter;
  }

  #envelope(strength: number, at: number): GainNode {
    const { attack, decay, sustain, fade, level, detune } = this.tone;
    const peak = (level * loudness(strength)) / detune.length;
    const envelope = this.context.createGain();
    envelope.gain.setValueAtTime(0, at);
    envelope.gain.linearRampToValueAtTime(peak, at + attack);
    envelope.gain.setTargetAtTime(peak * sustain, at + attack, decay);
    envelope.gain.setTargetAtTime(0, at + attack + DECAYS * decay, fade);
    return envelope;
  }
}

const hertz = (pitch: number): number => 440 * 2 ** ((pitch - 69) / 12);

/** Of a strength from 0 to 1: half the velocity is some 9 dB softer. */
export const loudness = (strength: number): number => strength ** 1.5;
