import { describe, expect, it } from "vitest";
import { tokenIn } from "../src/token";

describe("what stands behind the # of the address", () => {
  it("is a token where it looks like one that livegen makes or takes", () => {
    expect(tokenIn("#0123456789abcdef")).toBe("0123456789abcdef");
    expect(tokenIn("#Ab_-0123456789abcdefgh")).toBe("Ab_-0123456789abcdefgh");
    expect(tokenIn("#WyJibHVlcyJd.aR0w4Q.x_3-9abcdef")).toBe("WyJibHVlcyJd.aR0w4Q.x_3-9abcdef");
  });

  it("is no token where it is a place on the page, or anything else", () => {
    for (const other of ["", "#", "#piano", "#0123456789abcde", "#%E0%A4%A", `#${"x".repeat(513)}`])
      expect(tokenIn(other)).toBe("");
  });
});
