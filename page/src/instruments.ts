// A sound for each part, from plain oscillators and noise: clear at once, light on the processor.
//
// Deep paths, because the library's front door makes an audio context of its own with a worker from a blob, which the
// page's security policy forbids, and rightly.

import type { InputNode } from "tone/build/esm/core/context/ToneAudioNode.js";
import { Filter } from "tone/build/esm/component/filter/Filter.js";
import { FMSynth } from "tone/build/esm/instrument/FMSynth.js";
import { MembraneSynth } from "tone/build/esm/instrument/MembraneSynth.js";
import { NoiseSynth } from "tone/build/esm/instrument/NoiseSynth.js";
import { PolySynth } from "tone/build/esm/instrument/PolySynth.js";
import { Synth } from "tone/build/esm/instrument/Synth.js";

export type Part = "you" | "lead" | "comp" | "bass" | "drums";

/** Notes begin and end at times of the audio context, in seconds. */
export interface Instrument {
  on(pitch: number, velocity: number, at: number): void;
  off(pitch: number, at: number): void;
  silence(): void;
}

export function instruments(out: InputNode): Record<Part, Instrument> {
  return {
    you: new Tones(you(), out, 5200),
    lead: new Tones(lead(), out, 2600),
    comp: new Tones(comp(), out, 4200),
    bass: new Tones(bass(), out, 900),
    drums: new Kit(out),
  };
}

const VOICES = 24;

const you = (): PolySynth<Synth> =>
  poly(Synth, {
    oscillator: { type: "fmtriangle", harmonicity: 2, modulationIndex: 1.2 },
    envelope: { attack: 0.003, decay: 0.9, sustain: 0.18, release: 0.35 },
    volume: -9,
  });

const lead = (): PolySynth<Synth> =>
  poly(Synth, {
    oscillator: { type: "fatsawtooth", count: 2, spread: 16 },
    envelope: { attack: 0.008, decay: 0.3, sustain: 0.5, release: 0.22 },
    volume: -15,
  });

const bass = (): PolySynth<Synth> =>
  poly(Synth, {
    oscillator: { type: "square8" },
    envelope: { attack: 0.006, decay: 0.35, sustain: 0.4, release: 0.12 },
    volume: -8,
  });

function comp(): PolySynth<FMSynth> {
  const synth = new PolySynth(FMSynth, {
    harmonicity: 2,
    modulationIndex: 2.4,
    envelope: { attack: 0.006, decay: 1.1, sustain: 0.2, release: 0.5 },
    modulationEnvelope: { attack: 0.004, decay: 0.4, sustain: 0.1, release: 0.4 },
    volume: -16,
  });
  synth.maxPolyphony = VOICES;
  return synth;
}

function poly(kind: typeof Synth, options: object): PolySynth<Synth> {
  const synth = new PolySynth(kind, options);
  synth.maxPolyphony = VOICES;
  return synth;
}

const hertz = (pitch: number): number => 440 * 2 ** ((pitch - 69) / 12);

class Tones implements Instrument {
  constructor(
    private readonly synth: PolySynth<Synth> | PolySynth<FMSynth>,
    out: InputNode,
    brightness: number,
  ) {
    this.synth.chain(new Filter(brightness, "lowpass"), out);
  }

  on(pitch: number, velocity: number, at: number): void {
    this.synth.triggerRelease(hertz(pitch), at);
    this.synth.triggerAttack(hertz(pitch), at, velocity / 127);
  }

  off(pitch: number, at: number): void {
    this.synth.triggerRelease(hertz(pitch), at);
  }

  silence(): void {
    this.synth.releaseAll();
  }
}

type Hit = (velocity: number, at: number) => void;

class Kit implements Instrument {
  readonly #hits: Map<number, Hit>;
  #last = new Map<Hit, number>();

  constructor(out: InputNode) {
    this.#hits = kit(out);
  }

  on(pitch: number, velocity: number, at: number): void {
    const hit = this.#hits.get(pitch) ?? this.#hits.get(45);
    if (hit === undefined) return;
    // One voice each: two strokes of one drum at one time are one stroke, and the library refuses a step back.
    if (at <= (this.#last.get(hit) ?? -1) + 0.004) return;
    this.#last.set(hit, at);
    hit(velocity / 127, at);
  }

  off(): void {
    // a drum rings out by itself
  }

  silence(): void {
    // and soon
  }
}

function kit(out: InputNode): Map<number, Hit> {
  const kick = new MembraneSynth({ octaves: 5, pitchDecay: 0.03, volume: -4 }).connect(out);
  const tom = new MembraneSynth({ octaves: 2.5, pitchDecay: 0.06, volume: -8 }).connect(out);
  const snare = noise(out, 0.16, 1800, "bandpass", -6);
  const hat = noise(out, 0.05, 8000, "highpass", -16);
  const open = noise(out, 0.3, 7500, "highpass", -18);
  const cymbal = noise(out, 0.9, 6000, "highpass", -18);
  const low: Hit = (velocity, at) => void kick.triggerAttackRelease(46, 0.2, at, velocity);
  const hits = new Map<number, Hit>([
    [35, low],
    [36, low],
  ]);
  const toms: Hit = (velocity, at) => void tom.triggerAttackRelease(120, 0.2, at, velocity);
  const all: [Hit, number[]][] = [
    [snare, [37, 38, 39, 40]],
    [hat, [42, 44]],
    [open, [46, 51, 53, 54, 56, 59]],
    [cymbal, [49, 52, 55, 57]],
    [toms, [41, 43, 45, 47, 48, 50]],
  ];
  for (const [hit, pitches] of all) for (const pitch of pitches) hits.set(pitch, hit);
  return hits;
}

function noise(
  out: InputNode,
  decay: number,
  frequency: number,
  type: BiquadFilterType,
  volume: number,
): Hit {
  const filter = new Filter(frequency, type).connect(out);
  const synth = new NoiseSynth({ envelope: { attack: 0.001, decay, sustain: 0 }, volume }).connect(filter);
  return (velocity, at) => void synth.triggerAttackRelease(decay, at, velocity);
}
