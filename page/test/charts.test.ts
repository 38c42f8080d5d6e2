import { describe, expect, it } from "vitest";
import { factsOf, lineSpan, placeInSong, rowsOf, wordsOf } from "../src/charts/layout";
import type { Bar, Sheet } from "../src/charts/library";
import { groupsOf } from "../src/charts/panel";
import { grouped } from "../src/groups";
import { nextInWords } from "../src/readouts";
import type { Control } from "../src/types";

const bars = (count: number, first: Partial<Bar> = {}): Bar[] =>
  Array.from({ length: count }, (_, index) => ({ text: "C", ...(index === 0 ? first : {}) }));

describe("the rows of a chart", () => {
  it("have four bars, and a section begins one", () => {
    expect(rowsOf([...bars(6, { section: "A" }), ...bars(4, { section: "B" })])).toEqual([
      { section: "A", bars: [0, 1, 2, 3] },
      { section: "", bars: [4, 5] },
      { section: "B", bars: [6, 7, 8, 9] },
    ]);
    expect(rowsOf([])).toEqual([]);
  });

  it("leave a pick-up alone", () => {
    expect(rowsOf(bars(5, { pickup: true })).map((row) => row.bars)).toEqual([[0], [1, 2, 3, 4]]);
  });

  it("hold every bar once, in order", () => {
    const written = [...bars(3), ...bars(9, { section: "A" }), ...bars(1, { section: "B" }), ...bars(30)];
    expect(rowsOf(written).flatMap((row) => row.bars)).toEqual(written.map((_, index) => index));
  });
});

describe("what stands in a bar", () => {
  const written = (bar: Bar): string =>
    wordsOf(bar)
      .map(({ kind, text }) => (kind === "sign" ? `<${text}>` : text))
      .join(" ");

  it("is its chords as livegen spells them, a beat that holds one as a slash", () => {
    expect(written({ text: "C . F#m7b5 Bb/D!" })).toBe("C / F#m7b5 Bb/D!");
    expect(wordsOf({ text: "." })).toEqual([{ kind: "hold", text: "/" }]);
  });

  it("has signs where paper has them", () => {
    expect(written({ text: "G7", opens: true, metre: "3/4", ending: "1,2" })).toBe("<1,2.> <3/4> G7");
    expect(written({ text: "C", times: 2, signs: ["to coda"] })).toBe("C <to coda>");
    expect(written({ text: "C", times: 3 })).toBe("C <×3>");
  });
});

describe("a chart in a line", () => {
  const sheet: Sheet = {
    title: "x",
    metre: "4/4",
    tempo: 110,
    style: "jazz_swing",
    key: "F",
    bars: bars(12),
    text: "",
    name: null,
  };

  it("says what is known of it", () => {
    expect(factsOf(sheet)).toBe("12 bars · 4/4 · 110 BPM · F · jazz swing");
    expect(factsOf({ ...sheet, tempo: null, style: "", key: "", bars: bars(1) })).toBe("1 bar · 4/4");
  });

  it("says where one is in it, or in the form that was heard", () => {
    expect(placeInSong({ song: { title: "Blues", section: "B", bar: 4 } })).toBe("Blues · B");
    expect(placeInSong({ song: { title: "Blues", section: "", bar: 0 }, form: { bars: 8, bar: 2 } })).toBe(
      "Blues",
    );
    expect(placeInSong({ song: {}, form: { bars: 12, bar: 5 } })).toBe(
      "Found by ear: a form of 12 bars · bar 5",
    );
    expect(placeInSong({ song: { title: "", section: "", bar: 3 }, form: { bars: 12, bar: 4 } })).toBe("");
    expect(placeInSong({ song: {}, form: {} })).toBe("");
    expect(placeInSong({})).toBe("");
  });

  it("has the next chord beside the one of now, where it is another", () => {
    expect(nextInWords({ chord: "C7", next_chord: "F7" })).toBe(" → F7");
    expect(nextInWords({ chord: "C7", next_chord: "C7" })).toBe("");
    expect(nextInWords({ next_chord: "F7" })).toBe(" → F7");
    expect(nextInWords({ chord: "C7", next_chord: "" })).toBe("");
  });
});

describe("the list of charts", () => {
  it("begins with none, and has one's own before those that came with livegen", () => {
    const listed = [
      { name: "12-bar-blues", title: "Twelve-bar blues", own: false },
      { name: "sunday", title: "", own: true },
      { name: "broken", title: "", own: true, error: "broken.txt:3: 5 chords" },
    ];
    expect(groupsOf(listed)).toEqual([
      { label: "", options: [["off", "No chart"]] },
      {
        label: "Your own",
        options: [
          ["sunday", "sunday"],
          ["broken", "broken.txt:3: 5 chords"],
        ],
      },
      { label: "Came with livegen", options: [["12-bar-blues", "Twelve-bar blues"]] },
    ]);
    expect(groupsOf([])).toHaveLength(1);
  });

  it("is no line among the other controls", () => {
    const control = (name: string) => ({ name }) as Control;
    const shown = grouped([control("chart"), control("style"), control("new")]);
    expect(shown.flatMap(([, found]) => found.map(({ name }) => name))).toEqual(["style", "new"]);
  });
});

describe("a line of a text", () => {
  it("is found by its number", () => {
    const text = "title: x\n\n| C D E F G |";
    const line = (number: number): string => text.slice(...lineSpan(text, number));
    expect([line(1), line(2), line(3)]).toEqual(["title: x", "", "| C D E F G |"]);
  });
});
