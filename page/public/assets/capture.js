// Hands on what a microphone hears, 20 ms at a time: it runs beside the audio, where nothing may wait.

const PIECE = 320; // samples, of 16 kHz

class Capture extends AudioWorkletProcessor {
  #piece = new Float32Array(PIECE);
  #count = 0;

  process([[samples = []]]) {
    for (const sample of samples) {
      this.#piece[this.#count] = sample;
      this.#count = (this.#count + 1) % PIECE;
      if (this.#count === 0) this.port.postMessage(this.#piece.slice());
    }
    return true;
  }
}

registerProcessor("capture", Capture);
