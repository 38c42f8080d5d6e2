import { Midi } from "@tonejs/midi";
import { describe, expect, it } from "vitest";
import { excerpt, strokesOf } from "../src/playback";

/** A file of format 1, 480 ticks a quarter: each track its name, then notes of a quarter, one after the other. */
function file(...tracks: [name: string, notes: [channel: number, pitch: number][]][]): Midi {
  const chunk = (id: string, body: number[]): number[] => [
    ...[...id].map((letter) => letter.charCodeAt(0)),
    ...[24, 16, 8, 0].map((shift) => (body.length >> shift) & 0xff),
    ...body,
  ];
  const track = ([name, notes]: (typeof tracks)[number]): number[] =>
    chunk("MTrk", [
      ...[0, 0xff, 0x03, name.length, ...[...name].map((letter) => letter.charCodeAt(0))],
      ...notes.flatMap(([channel, pitch]) => [
        0,
        0x90 | channel,
        pitch,
        80,
        0x83,
        0x60,
        0x80 | channel,
        pitch,
        64,
      ]),
      ...[0, 0xff, 0x2f, 0],
    ]);
  const head = chunk("MThd", [0, 1, 0, tracks.length + 1, 0x01, 0xe0]);
  return new Midi(new Uint8Array([...head, ...track(["", []]), ...tracks.flatMap(track)]));
}

const sounds = (midi: Midi): [string, number][] =>
  strokesOf(midi)
    .filter(({ velocity }) => velocity > 0)
    .map(({ part, pitch }) => [part, pitch]);

describe("a recording that is played back", () => {
  it("knows a part of the model by the name of its track, on whatever channel", () => {
    const jam = file(["Player", [[0, 60]]], ["Model lead", [[3, 72]]], ["Model bass", [[1, 36]]]);
    expect(sounds(jam).map(([part]) => part)).toEqual(["you", "lead", "bass"]);
  });

  it("gives each part of the model its own sound, whichever comes first in the track", () => {
    const band: [number, number][] = [
      [9, 42],
      [1, 60],
      [2, 36],
      [0, 72],
    ];
    expect(sounds(file(["Player", []], ["Model", band]))).toEqual([
      ["drums", 42],
      ["comp", 60],
      ["bass", 36],
      ["lead", 72],
    ]);
  });

  it("gives all of the player's channels the player's sound, and drums to drums", () => {
    const hands: [number, number][] = [
      [0, 60],
      [3, 48],
      [9, 36],
    ];
    expect(sounds(file(["Player", hands], ["Model", []]))).toEqual([
      ["you", 60],
      ["you", 48],
      ["drums", 36],
    ]);
  });
});

it("an excerpt lets go whatever it struck", () => {
  const note = { part: "you" as const, pitch: 60 };
  const strokes = [
    { ...note, at: 0, velocity: 80 },
    { ...note, at: 1, velocity: 0 },
    { ...note, at: 2, velocity: 80 },
    { ...note, at: 5, velocity: 0 },
    { ...note, at: 6, velocity: 80 },
  ];

  expect(excerpt(strokes, 1.5, 3).map(({ at, velocity }) => [at, velocity])).toEqual([
    [2, 80],
    [5, 0],
  ]);
});
