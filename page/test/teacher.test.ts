import { describe, expect, it } from "vitest";
import { meant, mute, same } from "../src/teacher/messages";
import type { Room } from "../src/teacher/types";

const named = (room: string): Room => ({ room }) as Room;

describe("what a teacher asks for", () => {
  it("leaves alone what was not filled in", () => {
    expect(same({ mode: "", tempo: "", chart: "" })).toEqual([]);
    expect(same({ mode: "trade", tempo: "96", chart: "" })).toEqual([
      { t: "set", name: "mode", value: "trade" },
      { t: "set", name: "tempo", value: 96 },
    ]);
  });

  it("mutes every part of the model", () => {
    expect(mute(true).map((message) => message.name)).toEqual([
      "lead_mute",
      "comp_mute",
      "bass_mute",
      "drums_mute",
    ]);
  });

  it("goes to all rooms where none is chosen, or none of the chosen is left", () => {
    expect(meant(new Set(), [named("a")])).toBeNull();
    expect(meant(new Set(["gone"]), [named("a")])).toBeNull();
    expect(meant(new Set(["a"]), [named("a"), named("b")])).toEqual(["a"]);
  });
});
