// A listening test: a judge gives a name, hears pairs, says what they prefer; at the end they are told who played.

import "../styles/listen.css";
import { button, el, find } from "../dom";
import { Synth } from "../synth";
import { paintAsSystem } from "../theme";
import { Excerpt } from "./excerpt";
import { answer, stateOf } from "./server";
import type { Question, Said, Side, State, Told, Trial } from "./types";

const VOLUME = 80;
const NAMES: Record<Side, string> = { first: "A", second: "B" };
const ASKED: Record<Question, { legend: string; short: string; choices: Record<Said, string> }> = {
  prefer: {
    legend: "Which answer do you prefer?",
    short: "You preferred",
    choices: { first: "A", second: "B", neither: "No difference" },
  },
  person: {
    legend: "Which one did a person play? Perhaps neither.",
    short: "You took for a person",
    choices: { first: "A", second: "B", neither: "Cannot tell" },
  },
};

const place = find<HTMLElement>("listen");
const notice = find<HTMLElement>("notice");
let excerpt: Excerpt | null = null;

/** The audio begins with a person's click, as browsers want it. */
const player = (): Excerpt => (excerpt ??= new Excerpt(new Synth(VOLUME)));

function complain(mistake: unknown): void {
  notice.textContent =
    mistake instanceof TypeError
      ? "livegen has stopped; your judgements are saved."
      : String((mistake as Error).message);
  notice.hidden = false;
}

/** Does something with the server; what goes wrong is said, and nothing changes. */
async function ask<T>(what: Promise<T>, then: (told: T) => void): Promise<void> {
  try {
    const told = await what;
    notice.hidden = true;
    then(told);
  } catch (mistake) {
    complain(mistake);
  }
}

function show(...children: (Node | string)[]): void {
  place.replaceChildren(...children);
  place.querySelector<HTMLElement>("input, button")?.focus();
}

// --- who judges -----------------------------------------------------------------------------------------------------

function welcome(): void {
  const name = el("input", { type: "text", id: "judge", maxlength: 40, autocomplete: "off", required: true });
  const begin = el("button", { type: "submit" }, "Begin");
  const form = el(
    "form",
    {},
    el("label", { for: "judge" }, "Your name or a number. Give the same again to go on where you stopped."),
    el("p", { class: "row" }, name, begin),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    player();
    void ask(stateOf(name.value), next);
  });
  show(
    el(
      "p",
      {},
      "You hear a call and two answers to it, A and B. The call is the same, and so are sound, length and " +
        "loudness. Hear both as often as you like, then say which answer you prefer.",
    ),
    form,
  );
}

function next(state: State): void {
  if (state.trial === null) end(state);
  else pair(state, state.trial);
}

// --- a pair ---------------------------------------------------------------------------------------------------------

function pair(state: State, trial: Trial): void {
  const heard = new Set<Side>();
  const said = new Map(Object.entries(trial.said) as [Question, Said][]);
  const go = button("Next pair", () => {
    player().stop();
    void ask(stateOf(state.judge), next);
  });
  go.id = "next";
  const asked = state.questions.map((question) =>
    fieldset(question, trial, (choice) =>
      ask(answer(state.judge, trial.id, question, choice), () => {
        said.set(question, choice);
        settle();
      }),
    ),
  );
  const settle = (): void => {
    for (const one of asked) one.disabled = heard.size < 2;
    go.disabled = said.size < state.questions.length;
  };
  const both = (Object.keys(NAMES) as Side[]).map((side) =>
    listening(trial, side, () => {
      heard.add(side);
      settle();
    }),
  );
  settle();
  show(
    el("p", { id: "place" }, `${state.judge}, pair ${state.done + 1} of ${state.trials}`),
    el("div", { class: "both" }, ...both),
    el("p", { class: "soft" }, "You can choose when you have heard both to the end."),
    ...asked,
    go,
  );
}

/** One side: its button, and how far it is. */
function listening(trial: Trial, side: Side, whole: () => void): HTMLElement {
  const share = trial.answer_at / trial.lasts;
  const bar = el("progress", { max: trial.lasts, value: 0, "aria-label": `How far ${NAMES[side]} is` });
  const words = el("span", { class: "soft", role: "status" }, "");
  let furthest = 0;
  let isHeard = false;
  const label = `Play ${NAMES[side]}`;
  const press = button(
    label,
    () => {
      if (press.dataset["plays"] !== undefined) return player().stop();
      press.dataset["plays"] = "";
      press.textContent = "Stop";
      furthest = 0;
      player().play(
        trial,
        side,
        (seconds) => {
          furthest = seconds;
          bar.value = seconds;
          words.textContent = seconds / trial.lasts < share ? "call" : "answer";
        },
        () => {
          delete press.dataset["plays"];
          press.textContent = label;
          bar.value = 0;
          if (furthest >= trial.lasts) isHeard = true;
          words.textContent = isHeard ? "heard" : "";
          if (isHeard) whole();
        },
      );
    },
    { id: `play-${side}`, class: "hear" },
  );
  return el("div", { class: "side" }, press, bar, words);
}

function fieldset(question: Question, trial: Trial, choose: (said: Said) => void): HTMLFieldSetElement {
  const { legend, choices } = ASKED[question];
  const labels = (Object.entries(choices) as [Said, string][]).map(([said, words]) => {
    const radio = el("input", {
      type: "radio",
      name: question,
      value: said,
      checked: trial.said[question] === said,
    });
    radio.addEventListener("change", () => choose(said));
    return el("label", {}, radio, words);
  });
  return el("fieldset", { id: question }, el("legend", {}, legend), ...labels);
}

// --- the end --------------------------------------------------------------------------------------------------------

function end(state: State): void {
  const cell = (text: string): HTMLElement => el("td", {}, text);
  const head = ["The call is from", "A was", "B was", ...state.questions.map((one) => ASKED[one].short)];
  const rows = state.told.map((told) =>
    el(
      "tr",
      {},
      ...[told.piece, told.first, told.second].map(cell),
      ...state.questions.map((question) => cell(meant(told, told.said[question]))),
    ),
  );
  show(
    el("p", { id: "over" }, `Thank you, ${state.judge}: those were all pairs. This is how they were played.`),
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
      el("tbody", {}, ...rows),
    ),
    button("Next judge", welcome),
  );
}

const meant = (told: Told, said: Said): string =>
  said === "neither" ? "–" : `${NAMES[said]}, ${told[said]}`;

paintAsSystem();
welcome();
