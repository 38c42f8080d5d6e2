import { beforeEach, expect, test } from "vitest";
import { Schedule } from "../src/schedule";
import type { HeardNote } from "../src/types";

let played: HeardNote[] = [];
let schedule: Schedule;

const ON = 0x90;
const OFF = 0x80;
const MS = 1000;

beforeEach(() => {
  played = [];
  schedule = new Schedule((note) => played.push(note));
});

/** Time goes on with a server that lives. */
const until = (ms: number): void => {
  schedule.beat(ms * MS);
  schedule.step(ms * MS);
};

test("a note is played when it is due, a little ahead so that the sound can keep its time", () => {
  schedule.take([[100 * MS, ON, 60, 80]], 0);
  until(70);
  expect(played).toEqual([]);
  until(76);
  expect(played).toEqual([[1, 100 * MS, ON, 60, 80]]);
});

test("what came out of order is played in the order of its times, and at one time as it came", () => {
  schedule.take([[90 * MS, OFF, 60, 64]], 0);
  schedule.take(
    [
      [50 * MS, ON, 60, 80],
      [90 * MS, ON, 62, 80],
    ],
    0,
  );
  until(100);
  expect(played.map(([, at, status, pitch]) => [at / MS, status, pitch])).toEqual([
    [50, ON, 60],
    [90, OFF, 60],
    [90, ON, 62],
  ]);
});

test("a cut ends what sounds and withdraws what waits; its end, which comes later, is no news", () => {
  schedule.take(
    [
      [0, ON, 60, 80],
      [200 * MS, ON, 64, 80],
      [300 * MS, OFF, 60, 64],
    ],
    0,
  );
  schedule.take([{ cut: [] }], 40 * MS);
  until(400);
  expect(played.slice(1)).toEqual([[1, 40 * MS, OFF, 60, 64]]);
});

test("a cut of keys leaves all others as they are", () => {
  schedule.take(
    [
      [0, ON, 60, 80],
      [0, ON | 2, 40, 80],
    ],
    0,
  );
  schedule.take([{ cut: [[2, 40]] }], 10 * MS);
  expect(played.slice(2)).toEqual([[1, 10 * MS, OFF | 2, 40, 64]]);
});

test("where the server is not heard of for a quarter of a second all that sounds is released, once", () => {
  schedule.take([[0, ON, 60, 80]], 0);
  schedule.step(240 * MS);
  expect(played.length).toBe(1);
  schedule.step(260 * MS);
  schedule.step(270 * MS);
  expect(played.slice(1)).toEqual([[1, 260 * MS, OFF, 60, 64]]);
});
