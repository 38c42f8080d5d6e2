// Fits the first screen: tells the sheet how high the top is, and leads to what lies below it.

import { find } from "./dom";

export function fit(): void {
  const top = document.querySelector(".top");
  const measure = (): void => {
    const height = Math.ceil(top?.getBoundingClientRect().height ?? 0);
    document.documentElement.style.setProperty("--top", `${height}px`);
  };
  if (top !== null) new ResizeObserver(measure).observe(top);
  measure();
  // Neither is a link that changes the address: what follows its # may be read as a token.
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault();
    find("piano").focus();
  });
  find("to-panels").addEventListener("click", () => {
    find("tabs").scrollIntoView({ block: "start" });
    find("tabs").querySelector<HTMLElement>("[aria-selected=true]")?.focus({ preventScroll: true });
  });
}
