import { Midi } from "@tonejs/midi";
import { describe, expect, it } from "vitest";
import { clipOf, MOST_BYTES, placeOf } from "../src/clip";

function file(notes: { ticks: number; midi: number; drums?: boolean }[], bpm = 90): ArrayBuffer {
  const midi = new Midi();
  midi.header.setTempo(bpm);
  const [pitched, drums] = [midi.addTrack(), midi.addTrack()];
  pitched.channel = 3;
  drums.channel = 9;
  for (const { ticks, midi: pitch, drums: isDrum } of notes)
    (isDrum ? drums : pitched).addNote({ ticks, midi: pitch, durationTicks: 240, velocity: 0.5 });
  const bytes = midi.toArray();
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

describe("a clip", () => {
  it("is one player's, drums on their channel, each key let go before it is struck again", () => {
    const again = file([
      { ticks: 0, midi: 60 },
      { ticks: 240, midi: 60 },
      { ticks: 480, midi: 36, drums: true },
    ]);
    const { strokes, beats, bpm } = clipOf(again);
    expect(Math.round(bpm)).toBe(90);
    expect(beats).toBe(1.5);
    expect(strokes.map(({ beat, channel, velocity }) => [beat, channel, velocity > 0])).toEqual([
      [0, 0, true],
      [0.5, 0, false],
      [0.5, 0, true],
      [1, 0, false],
      [1, 9, true],
      [1.5, 9, false],
    ]);
  });

  it("is refused in words where it is none, is empty, or is too large", () => {
    expect(() => clipOf(new TextEncoder().encode("Dear Ana,").buffer as ArrayBuffer)).toThrow("no MIDI file");
    expect(() => clipOf(file([]))).toThrow("no note");
    expect(() => clipOf(new ArrayBuffer(MOST_BYTES + 1))).toThrow("256 kB");
    expect(() => clipOf(file([{ ticks: 480 * 2000, midi: 60 }]))).toThrow("1024 beats");
  });

  it("begins on the next bar line that can be met, in the tempo of the jam", () => {
    const clip = clipOf(file([{ ticks: 0, midi: 60 }]));
    const jam = { timeline: [500_000, 1_000_000, 96] as [number, number, number], leader: "clock" };
    expect(placeOf(clip, jam, 1_500_000)).toEqual({ from: 3_000_000, beatUs: 500_000 });
    expect(placeOf(clip, jam, 2_900_000)).toEqual({ from: 5_000_000, beatUs: 500_000 });
  });

  it("begins at once in its own tempo where nobody counts", () => {
    const { from, beatUs } = placeOf(clipOf(file([{ ticks: 0, midi: 60 }])), { leader: "free" }, 0);
    expect([from, Math.round(beatUs)]).toEqual([100_000, 666_666]);
  });
});
