// Who plays at this page, and what he does in a studio's room: a name and a role that all there see.

import { el, find, words } from "./dom";
import type { Store } from "./store";
import type { FromServer, You } from "./types";
import type { Wire } from "./wire";

const NAME = "livegen-nickname";
const ROLE = "livegen-role";

export class Seated {
  #you: You | null = null;

  constructor(wire: Wire, isRoom: () => boolean, store: Store) {
    const given = new URLSearchParams(location.search);
    const name = find<HTMLInputElement>("nickname");
    const role = find<HTMLSelectElement>("role");
    name.value = given.get("name") ?? localStorage.getItem(NAME) ?? "";
    let wanted = given.get("role") ?? sessionStorage.getItem(ROLE) ?? "";
    const tellName = (): boolean => wire.send({ t: "name", name: name.value.trim() });
    const tellRole = (): boolean => wire.send({ t: "role", role: wanted });
    let isTold = false;
    wire.onStatus(() => (isTold = false));
    store.onHello((hello) => {
      find("nickname-field").hidden = find("role-field").hidden = !isRoom();
      if (!isRoom()) return;
      if (role.childElementCount === 1)
        role.append(...(hello.roles ?? []).map((one) => el("option", { value: one }, words(one))));
      if (isTold) return;
      isTold = true;
      if (name.value !== "") tellName();
      if (hello.roles?.includes(wanted)) tellRole();
    });
    wire.onMessage((message: FromServer) => {
      if (message.t !== "you") return;
      this.#you = message;
      role.value = message.role;
      role.disabled = message.is_fixed;
      for (const part of ["panel-controls", "commands"]) find(part).inert = !message.steers;
    });
    name.addEventListener("change", () => {
      localStorage.setItem(NAME, name.value.trim());
      tellName();
    });
    name.addEventListener("keydown", (event) => {
      event.stopPropagation(); // letters are keys of the piano elsewhere
      if (event.key === "Enter" || event.key === "Escape") name.blur();
    });
    role.addEventListener("change", () => {
      sessionStorage.setItem(ROLE, (wanted = role.value));
      tellRole();
      role.blur();
    });
  }

  /** On which all hear the player here; null: on that of each key. */
  get channel(): number | null {
    return this.#you?.channel ?? null;
  }

  get listens(): boolean {
    return this.#you?.role === "listener";
  }
}
