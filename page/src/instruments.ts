// A sound for each part, made of what every browser has: clear at once, light on the processor.

import { Kit } from "./kit";
import { type Tone, Tones } from "./tones";

export type Part = "you" | "lead" | "comp" | "bass" | "drums";

/** Notes begin and end at times of the audio context, in seconds. */
export interface Instrument {
  readonly isSounding: boolean;
  on(pitch: number, velocity: number, at: number): void;
  off(pitch: number, at: number): void;
  silence(): void;
}

// An electric piano.
const YOU: Tone = {
  partials: [1, 0.22, 0.1, 0.05, 0.02],
  detune: [0],
  bell: { ratio: 1, depth: 1.1, decay: 0.35 },
  bright: { from: 14, to: 5, decay: 0.5, low: 600 },
  attack: 0.003,
  decay: 0.7,
  sustain: 0.35,
  fade: 2.2,
  release: 0.07,
  level: 0.53,
  voices: 16,
};

// Two reeds, a little apart.
const LEAD: Tone = {
  partials: [1, 0.5, 0.34, 0.24, 0.18, 0.13, 0.1, 0.08, 0.06, 0.05],
  detune: [-6, 6],
  bright: { from: 7, to: 3.2, decay: 0.25, low: 700 },
  attack: 0.01,
  decay: 0.25,
  sustain: 0.62,
  fade: 6,
  release: 0.06,
  level: 0.44,
  voices: 8,
};

// Soft keys that stay behind the melody.
const COMP: Tone = {
  partials: [1, 0.42, 0.28, 0.1, 0.08, 0.03],
  detune: [-4, 4],
  bright: { from: 6, to: 2, decay: 0.4, low: 500 },
  attack: 0.006,
  decay: 0.5,
  sustain: 0.4,
  fade: 3,
  release: 0.09,
  level: 0.24,
  voices: 12,
};

// A bass with enough harmonics for the loudspeakers of a laptop, which have no lows.
const BASS: Tone = {
  partials: [1, 0.8, 0.6, 0.42, 0.3, 0.22, 0.14, 0.1, 0.07, 0.05],
  detune: [0],
  bright: { from: 16, to: 6, decay: 0.18, low: 250 },
  attack: 0.004,
  decay: 0.35,
  sustain: 0.55,
  fade: 3,
  release: 0.045,
  level: 0.46,
  voices: 4,
};

export const PAN: Record<Part, number> = { you: 0, lead: 0.2, comp: -0.25, bass: 0, drums: 0.05 };

export function instruments(context: BaseAudioContext, out: AudioNode): Record<Part, Instrument> {
  const placed = (part: Part): AudioNode => {
    const panner = context.createStereoPanner();
    panner.pan.value = PAN[part];
    panner.connect(out);
    return panner;
  };
  return {
    you: new Tones(context, placed("you"), YOU),
    lead: new Tones(context, placed("lead"), LEAD),
    comp: new Tones(context, placed("comp"), COMP),
    bass: new Tones(context, placed("bass"), BASS),
    drums: new Kit(context, placed("drums")),
  };
}
