// What the server of a listening test says.

export type Side = "first" | "second";
export type Said = Side | "neither";
export type Question = "prefer" | "person";

/** Seconds from the beginning, seconds that it is held, MIDI pitch and velocity. */
export type Heard = [at: number, lasts: number, pitch: number, velocity: number];

export interface Trial {
  id: number;
  call: Heard[];
  first: Heard[];
  second: Heard[];
  answer_at: number; // seconds: where either answer may begin
  lasts: number; // seconds of call and answer
  said: Partial<Record<Question, Said>>;
}

export interface Told {
  piece: string;
  first: string;
  second: string;
  said: Record<Question, Said>;
}

export interface State {
  judge: string;
  done: number;
  trials: number;
  questions: Question[];
  trial: Trial | null; // null when all is judged
  told: Told[];
}
