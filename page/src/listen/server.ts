// The two things that are asked of the server.

import { post } from "../post";
import type { Question, Said, State } from "./types";

export const stateOf = async (judge: string): Promise<State> => (await post("/listen", { judge })) as State;

export const answer = (judge: string, trial: number, question: Question, said: Said): Promise<unknown> =>
  post("/listen/answer", { judge, trial, question, said });
