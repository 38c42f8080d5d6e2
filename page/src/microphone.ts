// The microphone of this browser, for a livegen that hears notes in it (serve --listen page).  Asks only when asked to,
// and hands on samples: the notes are found by livegen.

import { button, el, find, say } from "./dom";

const RATE = 16_000; // hertz, that livegen hears
const CAPTURE = "/assets/capture.js";
// As it is: what makes a call clear makes a voice wrong, and takes its time.
const PLAIN = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

const WHY: Record<string, string> = {
  NotAllowedError: "this browser does not let the page use the microphone",
  NotFoundError: "no microphone is connected",
};

export class PageMicrophone {
  #button = button("Microphone", () => void this.#turn(this.#context === null), {
    "aria-pressed": "false",
    title: "livegen hears one voice: sing, or play an instrument. Wear headphones, or it hears itself.",
    hidden: true,
  });
  #said = el("span", { class: "hint", role: "status", hidden: true });
  #context: AudioContext | null = null;
  #stream: MediaStream | null = null;
  #latency = 0; // micros that the browser knows of

  constructor(
    private readonly send: (piece: ArrayBuffer) => void,
    private readonly now: () => number,
    private readonly turned: (on: boolean) => void,
  ) {
    find("keys-tools").append(this.#button, this.#said);
  }

  /** Whether livegen hears pages at all. */
  set isOffered(isOffered: boolean) {
    this.#button.hidden = this.#said.hidden = !isOffered;
    if (!isOffered) this.stop();
  }

  stop(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    void this.#context?.close();
    this.#context = this.#stream = null;
    this.#show();
  }

  async #turn(on: boolean): Promise<void> {
    if (!on) return this.stop();
    say(this.#said, "");
    const context = (this.#context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" }));
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: PLAIN });
      const settings = stream.getAudioTracks()[0]?.getSettings() as { latency?: number } | undefined;
      this.#latency = 1e6 * (settings?.latency ?? 0);
      await context.audioWorklet.addModule(CAPTURE);
      if (this.#context !== context) return stream.getTracks().forEach((track) => track.stop()); // turned off meanwhile
      this.#stream = stream;
      const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
      capture.port.onmessage = ({ data }: MessageEvent<Float32Array>) => this.#take(data);
      context.createMediaStreamSource(stream).connect(capture);
    } catch (error) {
      this.stop();
      const { name, message } = error as Error;
      return say(this.#said, WHY[name] ?? `the microphone cannot be used: ${message}`);
    }
    this.#show();
  }

  #take(samples: Float32Array): void {
    const lasted = (1e6 * samples.length) / RATE;
    this.send(packed(this.now() - lasted - this.#latency, samples));
  }

  #show(): void {
    const on = this.#stream !== null;
    this.#button.setAttribute("aria-pressed", String(on));
    this.#button.textContent = on ? "Microphone on" : "Microphone";
    this.turned(on);
  }
}

/** A piece as livegen takes it: when its first sample came in, in micros of the server's clock, then 16 bits a sample. */
export function packed(at: number, samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(8 + 2 * samples.length));
  view.setFloat64(0, at, true);
  samples.forEach((sample, index) =>
    view.setInt16(8 + 2 * index, Math.round(32_767 * Math.max(-1, Math.min(1, sample))), true),
  );
  return view.buffer;
}
