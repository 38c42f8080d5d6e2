import { describe, expect, it } from "vitest";
import { ServerClock } from "../src/clock";

describe("the server's clock", () => {
  it("believes the quickest answer", () => {
    const clock = new ServerClock();
    clock.take(0, 20_000, 510_000); // on the way for 20 ms: off by as much as that
    clock.take(100_000, 101_000, 600_500); // for 1 ms
    clock.take(200_000, 260_000, 790_000);
    expect(clock.offset).toBe(500_000);
    expect(clock.now(300_000)).toBe(800_000);
  });

  it("never runs backwards nor jumps when a better answer comes", () => {
    const clock = new ServerClock();
    clock.take(0, 40_000, 60_000); // says 40 ms ahead
    let before = clock.now(50_000);
    clock.take(60_000, 60_200, 80_100); // says 20 ms ahead, and is right
    for (let local = 51_000; local < 1_500_000; local += 16_667) {
      const now = clock.now(local);
      expect(now).toBeGreaterThan(before);
      before = now;
    }
    expect(clock.now(1_600_000)).toBe(1_620_000);
  });

  it("is set at once where it is far off, as after another start", () => {
    const clock = new ServerClock();
    clock.take(0, 100, 1_000_050);
    expect(clock.now(200)).toBe(1_000_200);
    clock.forget();
    clock.take(1000, 1100, 90_001_050);
    expect(clock.now(2000)).toBe(90_002_000);
  });

  it("takes a hint until a ping is answered", () => {
    const clock = new ServerClock();
    clock.hint(1000, 501_000);
    expect(clock.now(2000)).toBe(502_000);
    clock.take(3000, 3100, 503_060);
    expect(clock.offset).toBe(500_010);
  });

  it("forgets answers of long ago", () => {
    const clock = new ServerClock();
    clock.take(0, 10, 1005); // quick, and then the clocks drifted apart
    for (let ping = 1; ping <= 12; ping += 1) clock.take(ping * 1000, ping * 1000 + 50, ping * 1000 + 2025);
    expect(clock.offset).toBe(2000);
  });
});
