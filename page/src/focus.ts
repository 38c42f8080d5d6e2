// Where the keyboard goes: a field gives it back when it is left, and Escape closes what is open before it is Panic.

/**
 * Whether letters are typed where the focus is.  In a list to choose from they play, and arrows choose: who wants to
 * type its words opens it first.
 */
export function isTyping(target: EventTarget | null): target is HTMLInputElement | HTMLTextAreaElement {
  if (target instanceof HTMLInputElement)
    return !["range", "checkbox", "radio", "button", "submit"].includes(target.type);
  return target instanceof HTMLTextAreaElement;
}

// What may be open, the topmost first, and how it is closed; a dialog closes by itself on Escape.
const OPEN: readonly [string, (element: HTMLElement) => void][] = [
  ["dialog[open]", () => undefined],
  [":popover-open", (element) => element.hidePopover()],
  ['[aria-haspopup][aria-expanded="true"]', (element) => element.click()],
  ["#stage-mode[aria-pressed=true]", (element) => element.click()],
];

/** Closes what is open, one thing at a time; whether there was any. */
export function closeTopmost(): boolean {
  for (const [selector, close] of OPEN) {
    const element = document.querySelector<HTMLElement>(selector);
    if (element === null) continue;
    close(element);
    return true;
  }
  return false;
}

/**
 * Fields give the focus back: Enter takes what was typed, Escape what was there before.  Otherwise Escape closes what is
 * open, and is `panic` where nothing is.  Whoever has answered a key itself says so by `preventDefault`.
 */
export function giveBackFocus(panic: () => void): void {
  const before = new WeakMap<EventTarget, string>();
  window.addEventListener("focusin", ({ target }) => {
    if (isTyping(target)) before.set(target, target.value);
  });
  window.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const { key, target } = event;
    if (key === "Enter" && target instanceof HTMLInputElement && isTyping(target) && target.form === null)
      target.blur(); // which tells of the change
    if (key !== "Escape") return;
    if (isTyping(target) && !target.closest("dialog")) cancel(target, before.get(target));
    else if (!closeTopmost()) panic();
  });
  window.addEventListener("submit", () => (document.activeElement as HTMLElement | null)?.blur());
}

function cancel(field: HTMLInputElement | HTMLTextAreaElement, value: string | undefined): void {
  if (value !== undefined && field.value !== value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.blur();
}
