// How a chart is laid out: four bars in a row, as on paper, and what stands in each.  Pure.

import type { Bar, Sheet } from "./library";
import type { EngineState } from "../types";
import { words } from "../dom";

const ROW = 4;

/** Bars by their numbers from 0, under the name of the section that begins with them, or "". */
export interface Row {
  section: string;
  bars: number[];
}

/** Rows of four; a section begins a row, and a pick-up has one of its own. */
export function rowsOf(bars: readonly Bar[]): Row[] {
  const rows: Row[] = [];
  bars.forEach((bar, index) => {
    const last = rows.at(-1);
    const isNew = !last || last.bars.length === ROW || bar.section || bars[index - 1]?.pickup;
    if (isNew) rows.push({ section: bar.section ?? "", bars: [index] });
    else last.bars.push(index);
  });
  return rows;
}

/** `kind` says what a word in a bar is: a chord, one that is held for a beat, or a sign. */
export interface Word {
  kind: "chord" | "hold" | "sign";
  text: string;
}

const sign = (text: string): Word => ({ kind: "sign", text });

/** What stands in a bar, from left to right; the bar lines of a repeat are drawn. */
export function wordsOf(bar: Bar): Word[] {
  const before = [bar.ending ? `${bar.ending}.` : "", bar.metre ?? ""];
  const chords = bar.text
    .split(" ")
    .map((text): Word => (text === "." ? { kind: "hold", text: "/" } : { kind: "chord", text }));
  const behind = [...(bar.signs ?? []), (bar.times ?? 0) > 2 ? `×${bar.times}` : ""];
  return [...before.filter(Boolean).map(sign), ...chords, ...behind.filter(Boolean).map(sign)];
}

/** What a chart is, in a line. */
export function factsOf(sheet: Sheet): string {
  const bars = sheet.bars.length === 1 ? "1 bar" : `${sheet.bars.length} bars`;
  const tempo = sheet.tempo === null ? "" : `${Math.round(sheet.tempo * 10) / 10} BPM`;
  return [bars, sheet.metre, tempo, sheet.key, words(sheet.style)].filter(Boolean).join(" · ");
}

/** Which tune, and where in it; without a chart the form that was found by ear, if one was. */
export function placeInSong({ song, form }: EngineState): string {
  if (song?.title || song?.section) return [song.title, song.section].filter(Boolean).join(" · ");
  if (song?.bar !== undefined || form?.bars === undefined) return "";
  return `Found by ear: a form of ${form.bars} bars · bar ${form.bar}`;
}

/** Where a line of a text begins and ends; the line is counted from 1. */
export function lineSpan(text: string, line: number): [start: number, end: number] {
  const before = text.split("\n").slice(0, line - 1);
  const start = before.reduce((length, one) => length + one.length + 1, 0);
  const end = text.indexOf("\n", start);
  return [start, end < 0 ? text.length : end];
}
