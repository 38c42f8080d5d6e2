// Elements in one line.  Text from outside only ever becomes text: nothing here takes markup.

type Attributes = Record<string, string | number | boolean | null | undefined>;
type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAll(element, attributes, children);
  return element;
}

export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAll(element, attributes, children);
  return element;
}

function setAll(element: Element, attributes: Attributes, children: Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null));
}

export function button(label: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = el("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", press);
  return element;
}

/** A field and a button that takes what is typed there, if it is anything; Escape gives the focus back, and is no panic. */
export function asking(
  field: HTMLInputElement | HTMLTextAreaElement,
  label: string,
  take: (text: string) => void,
): HTMLFormElement {
  const form = el("form", { class: "rename" }, field);
  form.append(el("button", { type: "submit", class: "small strong" }, label));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (text !== "") take(text);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    field.blur();
  });
  return form;
}

export function find<T extends HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as T;
}

/** Sets the text only where it changes: a screen reader says no line twice, and nothing is laid out for nothing. */
export function say(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export const words = (name: string): string => name.replaceAll("_", " ");
