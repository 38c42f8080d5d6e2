// The parts on the instruments of a sound font (SoundFont 2.04), on the browser's own nodes.  Loaded where there is one.
//
// The library reads the file and finds the samples of a note; what it says of one is played as far as is heard in a
// band: pitch, loop, envelope, filter, place, and drums that end one another.

import {
  type BasicPreset,
  type BasicSample,
  type BasicSoundBank,
  GeneratorTypes as Gen,
  SoundBankLoader,
  type VoiceParameters,
} from "spessasynth_core";
import { type Instrument, PAN, type Part } from "./instruments";
import { Voice, Voices } from "./voices";

const VOICES: Record<Part, number> = { you: 32, lead: 16, comp: 24, bass: 6, drums: 24 };
// So loud is a note of velocity 127 whose sample is at full scale.
const LEVELS: Record<Part, number> = { you: 2, lead: 1.2, comp: 1.1, bass: 1.2, drums: 1.6 };
const LONGEST_S = 30; // a note that is held for longer fades: nothing is held for ever
const FADE_S = 1; // time constant
const GONE = 7; // time constants until a note is 60 dB down
const SILENCE_CB = 960; // centibels below the peak at which nothing is heard
const FULL = 1000; // centibels for which decay and release are told as times; per mille of a filter's envelope
const SHORTEST_S = 0.001; // of a ramp
const FLAT_DB = 3.01; // below the peak at its cutoff lies a filter without resonance
const OPEN_HZ = 13_000; // a filter that is open so far is none
const NEPER_DB = 8.686; // that a sound falls in one time constant

export type Fonts = Record<Part, Sampled>;

/** An instrument for each part.  Throws an Error for a file that is no sound font. */
export function sampled(context: BaseAudioContext, out: AudioNode, file: ArrayBuffer): Fonts {
  const bank = SoundBankLoader.fromArrayBuffer(file);
  const waves = new Waves(context);
  const part = (name: Part): Sampled => new Sampled(context, out, waves, bank, name);
  return {
    you: part("you"),
    lead: part("lead"),
    comp: part("comp"),
    bass: part("bass"),
    drums: part("drums"),
  };
}

/** Samples as the browser plays them, each made when it is first struck. */
class Waves {
  readonly #made = new Map<BasicSample, AudioBuffer>();

  constructor(private readonly context: BaseAudioContext) {}

  of(sample: BasicSample): AudioBuffer {
    const known = this.#made.get(sample);
    if (known !== undefined) return known;
    const data = sample.getAudioData();
    const made = this.context.createBuffer(1, Math.max(1, data.length), this.context.sampleRate);
    made.getChannelData(0).set(data);
    this.#made.set(sample, made);
    return made;
  }
}

/** One part.  `program` is General MIDI's, from 0; notes that sound keep theirs. */
export class Sampled implements Instrument {
  readonly #voices: Voices;
  readonly #releases = new WeakMap<Voice, number>(); // time constants; a drum that rings out by itself has none
  readonly #choked = new Map<number, Voice>(); // by the class of drums of which one ends the others
  #preset: BasicPreset | undefined;
  #program = -1;

  constructor(
    private readonly context: BaseAudioContext,
    private readonly out: AudioNode,
    private readonly waves: Waves,
    private readonly bank: BasicSoundBank,
    private readonly part: Part,
  ) {
    this.#voices = new Voices(context, VOICES[part]);
    this.program = 0;
  }

  set program(program: number) {
    if (program === this.#program) return;
    this.#program = program;
    const drums = this.part === "drums";
    const kind = this.bank.presets.filter(
      ({ isGMGSDrum, bankMSB }) => isGMGSDrum === drums && (drums || bankMSB === 0),
    );
    const of = (number: number): BasicPreset | undefined => kind.find((one) => one.program === number);
    this.#preset = of(program) ?? of(0) ?? kind[0];
  }

  get isSounding(): boolean {
    return this.#voices.isSounding;
  }

  on(pitch: number, velocity: number, at: number): void {
    this.off(pitch, at);
    const layers = this.#preset?.getVoiceParameters(pitch, velocity) ?? [];
    if (layers.length === 0) return;
    const gate = this.context.createGain();
    gate.connect(this.out);
    const level = LEVELS[this.part] * (velocity / 127) ** 2;
    const played = layers.map((layer) => this.#layer(layer, pitch, level, at, gate));
    const ends = Math.max(...played.map((one) => one.ends));
    const voice = new Voice(pitch, at, ends, { sources: played.map((one) => one.source), gate });
    if (this.part !== "drums" || ends > at + LONGEST_S)
      this.#releases.set(voice, Math.max(...layers.map(({ generators }) => releaseOf(generators))));
    this.#choke(layers[0] as VoiceParameters, voice, at);
    this.#voices.add(voice);
  }

  off(pitch: number, at: number): void {
    const voice = this.#voices.held(pitch);
    const release = voice && this.#releases.get(voice);
    if (release !== undefined) voice?.release(at, release);
  }

  silence(): void {
    this.#voices.silence();
  }

  #choke({ generators }: VoiceParameters, voice: Voice, at: number): void {
    const kind = generators[Gen.exclusiveClass] ?? 0;
    if (kind === 0) return;
    this.#choked.get(kind)?.cut(at);
    this.#choked.set(kind, voice);
  }

  #layer(
    { sample, generators }: VoiceParameters,
    pitch: number,
    level: number,
    at: number,
    out: AudioNode,
  ): { source: AudioBufferSourceNode; ends: number } {
    const rate = this.context.sampleRate;
    const source = this.context.createBufferSource();
    source.buffer = this.waves.of(sample);
    source.playbackRate.value = (sample.sampleRate / rate) * 2 ** (centsOf(sample, generators, pitch) / 1200);
    source.loop = isLooped(generators);
    source.loopStart =
      (sample.loopStart + offset(generators, Gen.startloopAddrsOffset, Gen.startloopAddrsCoarseOffset)) /
      rate;
    source.loopEnd =
      (sample.loopEnd + offset(generators, Gen.endloopAddrsOffset, Gen.endloopAddrsCoarseOffset)) / rate;
    const envelope = this.context.createGain();
    const peak = level * 10 ** (-(generators[Gen.initialAttenuation] ?? 0) / 200);
    const gone = shape(envelope.gain, envelopeOf(generators, VOLUME, pitch), peak, at);
    this.#filtered(source, generators, pitch, at).connect(envelope).connect(this.#placed(generators, out));
    const over = source.loop ? Infinity : at + source.buffer.duration / source.playbackRate.value;
    return { source, ends: Math.min(gone, over) };
  }

  #filtered(source: AudioNode, generators: Int16Array, pitch: number, at: number): AudioNode {
    const cents = generators[Gen.initialFilterFc] ?? 13_500;
    const opens = generators[Gen.modEnvToFilterFc] ?? 0;
    if (hertzOf(cents) > OPEN_HZ && opens >= 0) return source;
    const filter = this.context.createBiquadFilter();
    filter.frequency.automationRate = filter.detune.automationRate = "k-rate"; // for each block: much less work
    filter.frequency.value = Math.min(hertzOf(cents), 0.45 * this.context.sampleRate);
    filter.Q.value = (generators[Gen.initialFilterQ] ?? 0) / 10 - FLAT_DB;
    if (opens !== 0) sweep(filter.detune, envelopeOf(generators, MODULATION, pitch), opens, at);
    return source.connect(filter);
  }

  /** Where the part stands, and the sample in it: those of a piano come in pairs, left and right. */
  #placed(generators: Int16Array, out: AudioNode): AudioNode {
    const place = this.context.createStereoPanner();
    place.pan.value = Math.max(-1, Math.min(1, PAN[this.part] + (generators[Gen.pan] ?? 0) / 500));
    place.connect(out);
    return place;
  }
}

// --- what a font says of a note ---------------------------------------------------------------------------------------

/** Seconds, and how far below its peak it is held, in centibels or per mille. */
export interface Envelope {
  delay: number;
  attack: number;
  hold: number;
  decay: number; // for 100 dB
  sustain: number;
}

/** `cents` are timecents: 0 is a second, -12000 a millisecond, which is none. */
export const secondsOf = (cents: number): number => (cents <= -12_000 ? 0 : 2 ** (cents / 1200));

interface Kinds {
  delay: number;
  attack: number;
  hold: number;
  decay: number;
  sustain: number;
  holdByKey: number;
  decayByKey: number;
}

const VOLUME: Kinds = {
  delay: Gen.delayVolEnv,
  attack: Gen.attackVolEnv,
  hold: Gen.holdVolEnv,
  decay: Gen.decayVolEnv,
  sustain: Gen.sustainVolEnv,
  holdByKey: Gen.keyNumToVolEnvHold,
  decayByKey: Gen.keyNumToVolEnvDecay,
};
const MODULATION: Kinds = {
  delay: Gen.delayModEnv,
  attack: Gen.attackModEnv,
  hold: Gen.holdModEnv,
  decay: Gen.decayModEnv,
  sustain: Gen.sustainModEnv,
  holdByKey: Gen.keyNumToModEnvHold,
  decayByKey: Gen.keyNumToModEnvDecay,
};

function envelopeOf(generators: Int16Array, kinds: Kinds, pitch: number): Envelope {
  const seconds = (kind: number): number => secondsOf(generators[kind] ?? -12_000);
  const byKey = (kind: number): number => 2 ** (((60 - pitch) * (generators[kind] ?? 0)) / 1200);
  return {
    delay: seconds(kinds.delay),
    attack: seconds(kinds.attack),
    hold: seconds(kinds.hold) * byKey(kinds.holdByKey),
    decay: seconds(kinds.decay) * byKey(kinds.decayByKey),
    sustain: Math.max(0, Math.min(FULL, generators[kinds.sustain] ?? 0)),
  };
}

const hertzOf = (cents: number): number => 8.176 * 2 ** (cents / 1200);

/** The time constant in which a note dies away that is let go. */
const releaseOf = (generators: Int16Array): number =>
  Math.max(0.004, (secondsOf(generators[Gen.releaseVolEnv] ?? -12_000) * NEPER_DB) / (FULL / 10));

const isLooped = (generators: Int16Array): boolean => ((generators[Gen.sampleModes] ?? 0) & 1) === 1;

const offset = (generators: Int16Array, fine: number, coarse: number): number =>
  (generators[fine] ?? 0) + 32_768 * (generators[coarse] ?? 0);

/** How far a sample is to be raised for a pitch. */
export function centsOf(
  sample: Pick<BasicSample, "originalKey" | "pitchCorrection">,
  generators: Int16Array,
  pitch: number,
): number {
  const own = generators[Gen.overridingRootKey] ?? -1;
  const fixed = generators[Gen.keyNum] ?? -1;
  const steps = (fixed >= 0 ? fixed : pitch) - (own >= 0 ? own : sample.originalKey);
  const tuned = 100 * (generators[Gen.coarseTune] ?? 0) + (generators[Gen.fineTune] ?? 0);
  return steps * (generators[Gen.scaleTuning] ?? 100) + tuned + sample.pitchCorrection;
}

/** Moves a gain as a note's envelope does, decays in decibels; gives the time at which nothing is heard any more. */
export function shape(gain: AudioParam, envelope: Envelope, peak: number, at: number): number {
  const { attack, hold, decay, sustain } = envelope;
  const begins = at + envelope.delay;
  const rises = begins + Math.max(attack, SHORTEST_S);
  const rests = rises + hold + Math.max((decay * sustain) / FULL, SHORTEST_S);
  gain.setValueAtTime(0, at);
  gain.setValueAtTime(0, begins);
  gain.linearRampToValueAtTime(peak, rises);
  gain.setValueAtTime(peak, rises + hold);
  gain.exponentialRampToValueAtTime(peak * 10 ** (-sustain / 200), rests);
  if (sustain >= SILENCE_CB) return rests;
  const fades = Math.max(rests, at + LONGEST_S);
  gain.setTargetAtTime(0, fades, FADE_S);
  return fades + GONE * FADE_S;
}

/** Moves a filter as the second envelope of a note does, by at most so many cents. */
function sweep(detune: AudioParam, envelope: Envelope, cents: number, at: number): void {
  const { attack, hold, decay, sustain } = envelope;
  const begins = at + envelope.delay;
  const rises = begins + Math.max(attack, SHORTEST_S);
  detune.setValueAtTime(0, at);
  detune.setValueAtTime(0, begins);
  detune.linearRampToValueAtTime(cents, rises);
  detune.setValueAtTime(cents, rises + hold);
  detune.linearRampToValueAtTime(
    cents * (1 - sustain / FULL),
    rises + hold + Math.max((decay * sustain) / FULL, SHORTEST_S),
  );
}
