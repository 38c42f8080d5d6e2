import { describe, expect, it } from "vitest";
import { NoteTape } from "../src/notes";

describe("the tape of notes", () => {
  it("pairs beginnings and ends, each player's own", () => {
    const tape = new NoteTape();
    tape.take([0, 100, 0x90, 60, 80]);
    tape.take([1, 150, 0x90, 60, 70]);
    tape.take([0, 200, 0x80, 60, 0]);
    expect(tape.notes).toEqual([
      { who: 0, channel: 0, pitch: 60, velocity: 80, on: 100, off: 200 },
      { who: 1, channel: 0, pitch: 60, velocity: 70, on: 150, off: null },
    ]);
    expect([tape.isHeld(0, 60), tape.isHeld(1, 60)]).toEqual([false, true]);
  });

  it("takes a note-on without velocity for an end, and a second one for a new note", () => {
    const tape = new NoteTape();
    tape.take([0, 1, 0x91, 60, 80]);
    tape.take([0, 2, 0x91, 60, 90]);
    tape.take([0, 3, 0x91, 60, 0]);
    expect(tape.notes.map(({ on, off }) => [on, off])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  it("ends everything of a channel at all notes off", () => {
    const tape = new NoteTape();
    for (const pitch of [60, 64, 67]) tape.take([1, 1, 0x90, pitch, 80]);
    tape.take([1, 1, 0x92, 40, 80]);
    tape.take([1, 9, 0xb0, 123, 0]);
    expect(tape.notes.map((note) => note.off)).toEqual([9, 9, 9, null]);
    tape.endAll(12);
    expect(tape.notes.at(-1)?.off).toBe(12);
  });

  it("is not put out by what is no note", () => {
    const tape = new NoteTape();
    tape.take([0, 1, 0xd0, 64]);
    tape.take([0, 1, 0xe0, 0, 64]);
    tape.take([0, 1, 0x80, 60, 64]);
    expect(tape.notes).toEqual([]);
  });

  it("shows what sounds in a window, and forgets what is over", () => {
    const tape = new NoteTape();
    tape.take([0, 10, 0x90, 60, 80]);
    tape.take([0, 20, 0x80, 60, 0]);
    tape.take([0, 30, 0x90, 62, 80]);
    expect(tape.between(15, 25).map((note) => note.pitch)).toEqual([60]);
    expect(tape.between(40, 50).map((note) => note.pitch)).toEqual([62]);
    tape.forget(25);
    expect(tape.notes.map((note) => note.pitch)).toEqual([62]);
    tape.forget(1e9); // still held
    expect(tape.notes.length).toBe(1);
  });

  it("keeps a bounded number", () => {
    const tape = new NoteTape();
    for (let at = 0; at < 20_000; at += 1) {
      tape.take([0, at, 0x90, at % 128, 80]);
      tape.forget(0);
    }
    expect(tape.notes.length).toBeLessThan(5000);
  });
});
