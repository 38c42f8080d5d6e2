// The key to this livegen: given in the address's fragment, kept for this tab, taken out of the address bar.

const KEPT = "livegen-token";

// As livegen makes and takes them, and invitations to a studio, which have points and can be long.  What else stands
// behind a # is a place on the page.
const TOKEN = /^#([A-Za-z0-9_.-]{16,512})$/;

/** The token in a fragment; "" where there is none. */
export const tokenIn = (fragment: string): string => TOKEN.exec(fragment)?.[1] ?? "";

/** The token of the address, which is taken out of it; "" where there is none. */
export function takeToken(): string {
  const given = tokenIn(location.hash);
  if (given !== "") {
    keepToken(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return given;
}

export const keepToken = (token: string): void => sessionStorage.setItem(KEPT, token);

export const keptToken = (): string => sessionStorage.getItem(KEPT) ?? "";
