// Who plays at this page: a name that a room's players and its teacher see, kept by this browser.

import { find } from "./dom";
import type { Store } from "./store";
import type { Wire } from "./wire";

const KEPT = "livegen-nickname";

export function askForName(wire: Wire, isRoom: () => boolean, store: Store): void {
  const field = find<HTMLInputElement>("nickname");
  field.value = new URLSearchParams(location.search).get("name") ?? localStorage.getItem(KEPT) ?? "";
  const tell = (): boolean => wire.send({ t: "name", name: field.value.trim() });
  let isTold = false;
  wire.onStatus(() => (isTold = false));
  store.onHello(() => {
    find("nickname-field").hidden = !isRoom();
    if (isRoom() && !isTold && field.value !== "") isTold = tell();
  });
  field.addEventListener("change", () => {
    localStorage.setItem(KEPT, field.value.trim());
    tell();
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation(); // letters are keys of the piano elsewhere
    if (event.key === "Enter" || event.key === "Escape") field.blur();
  });
}
