import { describe, expect, it } from "vitest";
import { barsBefore, placeInWords } from "../src/bars";
import { ESSENTIALS, grouped, OF_PHRASES, strips } from "../src/groups";
import { loaded } from "../src/models";
import { NoteTape, REST_US } from "../src/notes";
import { OWN, rangeOf, registerOf } from "../src/pickers/registers";
import { kindGroups, scaleOf } from "../src/pickers/scales";
import { groupsOf, joined, split } from "../src/pickers/styles";
import { written } from "../src/pickers/parts";
import type { Control, EngineState } from "../src/types";

const control = (name: string): Control => ({
  name,
  kind: "number",
  default: 0,
  help: "",
  low: 0,
  high: 1,
  choices: [],
  unit: "",
  whole: false,
  ratio: false,
});

describe("styles", () => {
  it("have names that people use, in groups, with any style first", () => {
    const groups = groupsOf(["any", "jazz_swing", "drums_hiphop", "leadsheet_non_music", "lied", "folk_jig"]);
    expect(groups[0]).toEqual({ label: "", options: [["any", "Any style"]] });
    expect(groups.slice(1).map(({ label, options }) => [label, options[0]?.[1]])).toEqual([
      ["Songs from lead sheets", "Other"],
      ["Jazz solos", "Swing"],
      ["Classical", "Art song (Lied)"],
      ["Folk tunes", "Jig"],
      ["Drums", "Hip-hop"],
    ]);
  });

  it("of a person's own model are called after their names, and those that begin alike are a group", () => {
    const groups = groupsOf(["any", "my_songs", "live_2023", "live_2024", "x"]);
    expect(groups.slice(1)).toEqual([
      {
        label: "Live",
        options: [
          ["live_2023", "2023"],
          ["live_2024", "2024"],
        ],
      },
      {
        label: "Other styles",
        options: [
          ["my_songs", "My songs"],
          ["x", "X"],
        ],
      },
    ]);
  });
});

describe("two styles", () => {
  it("are one value, and one style again where the second is empty or the same", () => {
    expect(joined("jazz_bebop", "folk_reel")).toBe("jazz_bebop+folk_reel");
    expect(split("jazz_bebop + folk_reel")).toEqual(["jazz_bebop", "folk_reel"]);
    expect(joined("jazz_bebop", "")).toBe("jazz_bebop");
    expect(joined("jazz_bebop", "jazz_bebop")).toBe("jazz_bebop");
    expect(split("jazz_bebop")).toEqual(["jazz_bebop", ""]);
  });
});

describe("scales", () => {
  it("are read as livegen writes them, however the root is spelt", () => {
    expect(scaleOf("D dorian")).toEqual({ root: "D", kind: "dorian" });
    expect(scaleOf("db Major")).toEqual({ root: "C#", kind: "major" });
    expect(scaleOf("C♭ minor")).toEqual({ root: "B", kind: "minor" });
    expect(scaleOf("F#  melodic  minor")).toEqual({ root: "F#", kind: "melodic minor" });
    expect(scaleOf("A pentatonic")).toEqual({ root: "A", kind: "major pentatonic" });
    expect(scaleOf("played")).toBeNull();
    expect(scaleOf("off")).toBeNull();
  });

  it("of every kind that livegen knows can be chosen, also of one that is new here", () => {
    const kinds = ["major", "dorian", "pentatonic", "major pentatonic", "whole tone"];
    const shown = kindGroups(kinds).flatMap(({ options }) => options.map(([kind]) => kind));
    expect(shown).toEqual(["major", "major pentatonic", "dorian", "whole tone"]);
  });
});

describe("registers", () => {
  it("have names, whether their ends are numbers or notes", () => {
    expect(registerOf("call")).toBe("call");
    expect(registerOf("-12")).toBe("-12");
    expect(registerOf("48-72")).toBe("48-72");
    expect(registerOf("C3-C5")).toBe("48-72");
    expect(registerOf("C3-C6")).toBe(OWN);
    expect(registerOf("7")).toBe("");
  });

  it("are ranges as livegen reads them", () => {
    expect(rangeOf("48-84")).toEqual([48, 84]);
    expect(rangeOf("E1 - g#3")).toEqual([28, 56]);
    expect(rangeOf("C-1-Bb4")).toEqual([0, 70]);
    for (const none of ["call", "all", "-12", "12", ""]) expect(rangeOf(none)).toBeNull();
  });
});

describe("parts", () => {
  it("are told in their own order, and none is for livegen to choose", () => {
    const all = ["lead", "comp", "bass", "drums"];
    expect(written(all, new Set(["drums", "lead"]))).toBe("lead drums");
    expect(written(all, new Set())).toBe("auto");
  });
});

describe("the model that is shown", () => {
  it("is called as its folder is, and by its own name where it comes from elsewhere", () => {
    const models = ["jam-gru", "mine"];
    expect(loaded({ model: "jam-gru", model_file: "/m/mine/model.onnx" }, models)).toBe("mine");
    expect(loaded({ model: "jam-gru", model_file: "C:\\m\\jam-gru\\a.onnx" }, models)).toBe("jam-gru");
    expect(loaded({ model: "other", model_file: "/tmp/x.onnx" }, models)).toBe("other");
    expect(loaded({}, models)).toBeUndefined();
  });
});

describe("the controls", () => {
  it("that one reaches for come first, and one that is new here is not lost", () => {
    const names = ["nucleus", "energy", "novelty", "mode", "metre"];
    const shown = grouped(names.map(control)).map(([label, all]) => [label, all.map(({ name }) => name)]);
    expect(shown).toEqual([
      ["", ["mode", "energy"]],
      ["Time", ["metre"]],
      ["Character", ["nucleus"]],
      ["Others", ["novelty"]],
    ]);
    expect(ESSENTIALS.length).toBeLessThan(10);
  });
});

describe("the controls of phrases", () => {
  it("stand with the phrases, and not a second time among the others", () => {
    const shown = grouped(["mode", ...OF_PHRASES].map(control));
    expect(shown.map(([label, all]) => [label, all.map(({ name }) => name)])).toEqual([["", ["mode"]]]);
    expect(OF_PHRASES).toEqual(expect.arrayContaining(["distance", "morph"]));
  });
});

describe("the mixer", () => {
  const names = ["lead_mute", "bass_mute", "mode", "lead_level", "bassoon_level", "novelty"];
  const controls = names.map(control);
  const parts = ["lead", "comp", "bass"];

  it("has a strip for each part that has controls of its own, whatever they are", () => {
    const shown = strips(controls, parts).map(([part, all]) => [part, all.map(({ name }) => name)]);
    expect(shown).toEqual([
      ["lead", ["lead_mute", "lead_level"]],
      ["bass", ["bass_mute"]],
    ]);
  });

  it("has its controls to itself", () => {
    const shown = grouped(controls, parts).map(([label, all]) => [label, all.map(({ name }) => name)]);
    expect(shown).toEqual([
      ["", ["mode"]],
      ["Others", ["bassoon_level", "novelty"]],
    ]);
  });
});

describe("the bar that is shown", () => {
  const BEAT = 500_000;
  const free: EngineState = { leader: "free", timeline: [BEAT, 0, 96] };
  const play = (tape: NoteTape, at: number): void => {
    tape.take([0, at, 0x90, 60, 80]);
    tape.take([0, at + BEAT, 0x80, 60, 0]);
  };

  it("is none while nobody plays in the player's own time", () => {
    const tape = new NoteTape();
    expect(placeInWords(free, tape, 922 * 4 * BEAT)).toBe("—");
    play(tape, 0);
    expect(placeInWords(free, tape, BEAT + REST_US)).toBe("6 · 2");
    expect(placeInWords(free, tape, BEAT + REST_US + 1)).toBe("—");
  });

  it("is counted from the first note after a rest, also from one a little before the bar line", () => {
    const tape = new NoteTape();
    const later = 400 * 4 * BEAT;
    play(tape, 0);
    play(tape, later - 20_000);
    expect(barsBefore(free, tape, later)).toBe(400);
    expect(placeInWords(free, tape, later + 5 * BEAT)).toBe("2 · 2");
  });

  it("is the song's where somebody else keeps time", () => {
    const clock: EngineState = { ...free, leader: "clock" };
    expect(placeInWords(clock, new NoteTape(), 921 * 4 * BEAT + BEAT)).toBe("922 · 2");
    expect(placeInWords({}, new NoteTape(), 0)).toBe("—");
  });

  it("goes on while a key is held", () => {
    const tape = new NoteTape();
    tape.take([1, 0, 0x90, 60, 80]);
    expect(placeInWords(free, tape, 3 * REST_US)).toBe("16 · 1");
  });
});
