// The way out of the preview: volume, a compressor, a ceiling, and a look at what leaves.

const DEFAULT = 80; // where the slider stands at first
const RAMP_S = 0.015;
const QUIET_DB = -12; // above it the compressor holds back
const RATIO = 3;
const KNEE_DB = 9;
const LOUDER = 10 ** (4.5 / 20); // what that leaves room for
export const LOOK_AHEAD_S = 0.006; // by which a compressor looks ahead in Chromium and Firefox
const CEILING = 10 ** (-1 / 20); // nothing leaves that is louder than -1 dBFS
const STRAIGHT = 0.7; // up to here the ceiling changes nothing
const OVER = 4; // the ceiling takes in what is so many times too loud

export class Output {
  readonly input: GainNode;
  readonly #analyser: AnalyserNode;
  readonly #wave: Float32Array<ArrayBuffer>;

  constructor(
    private readonly context: BaseAudioContext,
    volume: number,
  ) {
    this.input = context.createGain();
    this.input.gain.value = gainOf(volume);
    this.#analyser = context.createAnalyser();
    this.#wave = new Float32Array(this.#analyser.fftSize);
    const end = ceiling(context, louder(context, this.input));
    end.connect(this.#analyser).connect(context.destination);
  }

  set volume(volume: number) {
    this.input.gain.setTargetAtTime(gainOf(volume), this.context.currentTime, RAMP_S);
  }

  /** The loudest of the last moment, from 0 to 1. */
  get peak(): number {
    this.#analyser.getFloatTimeDomainData(this.#wave);
    return this.#wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  }
}

/** Of the slider: 0 is silence, 80 the level that all is made for, 100 some 4 dB more. */
const gainOf = (volume: number): number => (volume / DEFAULT) ** 2;

/** Brings loud and quiet nearer to each other, and all of it up.  What browsers make up by themselves is taken back. */
function louder(context: BaseAudioContext, from: AudioNode): AudioNode {
  const compressor = context.createDynamicsCompressor();
  compressor.threshold.value = QUIET_DB;
  compressor.ratio.value = RATIO;
  compressor.knee.value = KNEE_DB;
  compressor.attack.value = 0.003;
  compressor.release.value = 0.2;
  const back = context.createGain();
  back.gain.value = LOUDER * 10 ** ((0.6 * QUIET_DB * (1 - 1 / RATIO)) / 20); // Web Audio API, "makeup gain"
  return from.connect(compressor).connect(back);
}

/** Bends the peaks that are quicker than any limiter, so that they never clip. */
function ceiling(context: BaseAudioContext, from: AudioNode): AudioNode {
  const into = context.createGain();
  into.gain.value = 1 / OVER;
  const shaper = context.createWaveShaper();
  shaper.curve = Float32Array.from({ length: 4097 }, (_, index) => bent(OVER * (index / 2048 - 1)));
  return from.connect(into).connect(shaper);
}

function bent(sample: number): number {
  const room = CEILING - STRAIGHT;
  const over = Math.abs(sample) - STRAIGHT;
  return over <= 0 ? sample : Math.sign(sample) * (STRAIGHT + room * Math.tanh(over / room));
}
