// Between a control's value and a knob's place, and how a value is written.  Knows the controls table only.

import type { Control, Value } from "./types";

export const STEPS = 1000; // of a slider

/** The place 0..1 of a number in the range; null for a word, and for a text that is none. */
export function placeOf(control: Control, value: Value): number | null {
  const number = typeof value === "number" ? value : Number.parseFloat(value);
  if (!Number.isFinite(number) || (typeof value === "string" && value.trim() !== `${number}`)) return null;
  const { low, high } = control;
  const inside = Math.min(high, Math.max(low, number));
  return control.ratio ? Math.log(inside / low) / Math.log(high / low) : (inside - low) / (high - low);
}

/** The value at a place 0..1: of about a thousand that there are, so that people can read it. */
export function valueAt(control: Control, place: number): number {
  const { low, high } = control;
  const value = control.ratio ? low * (high / low) ** place : low + place * (high - low);
  return tidy(control, value);
}

/** Rounded to what a knob can tell apart, within the range. */
export function tidy(control: Control, value: number): number {
  const rounded = Number(value.toFixed(digits(control)));
  return Math.min(control.high, Math.max(control.low, rounded));
}

export function digits(control: Control): number {
  const whole = control.whole || control.kind === "text";
  return whole ? 0 : Math.max(0, Math.ceil(3 - Math.log10(control.high - control.low)) - 1);
}

/** As it is shown: with its unit, and no more digits than a person can use. */
export function written(control: Control, value: Value): string {
  if (typeof value === "string") return value;
  const number = Number(value.toFixed(digits(control)));
  return control.unit === "" ? `${number}` : `${number} ${control.unit}`;
}

/** What it takes, in words. */
export function range(control: Control): string {
  const unit = control.unit === "" ? "" : ` ${control.unit}`;
  const numbers = control.low < control.high ? [`${control.low} to ${control.high}${unit}`] : [];
  return [...numbers, ...(control.kind === "number" ? control.choices : [])].join(", or ");
}
