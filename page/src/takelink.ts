// A recording as a link: drag it into a DAW, or press to download.

import { el } from "./dom";
import { type Takes, withoutExtension } from "./takes";

/** `complain` is told when the file cannot be fetched, and why. */
export function takeLink(
  takes: Takes,
  name: string,
  complain: (what: string, error: unknown) => void,
): HTMLAnchorElement {
  const link = el("a", {
    class: "take",
    href: "#",
    draggable: "true",
    download: name,
    title: "Drag it into your DAW, or press to download",
  });
  link.append(
    el("span", { class: "grip", "aria-hidden": "true" }, "⠿"),
    el("span", { class: "take-name" }, withoutExtension(name)),
  );
  makeFetchable(link, takes, name);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    download(takes, name).catch((error: unknown) => complain(`${name} cannot be fetched`, error));
  });
  return link;
}

/** A drag must know its address at once, so it is asked for when a hand comes near; each serves once. */
function makeFetchable(link: HTMLAnchorElement, takes: Takes, name: string): void {
  let ready: string | null = null;
  let isAsked = false;
  const prepare = async (): Promise<void> => {
    if (ready !== null || isAsked) return;
    isAsked = true;
    ready = await takes.ticket(name).catch(() => null);
    isAsked = false;
  };
  for (const kind of ["pointerenter", "focus"] as const) link.addEventListener(kind, () => void prepare());
  link.addEventListener("dragstart", (event) => {
    if (ready === null || event.dataTransfer === null) return event.preventDefault();
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData("DownloadURL", `audio/midi:${name}:${ready}`);
    event.dataTransfer.setData("text/uri-list", ready);
    ready = null;
  });
  link.addEventListener("dragend", () => void prepare());
}

async function download(takes: Takes, name: string): Promise<void> {
  el("a", { href: await takes.ticket(name), download: name }).click();
}
