// The key to this livegen: printed in the address's fragment, kept for this tab, taken out of the address bar.

const KEPT = "livegen-token";

export function takeToken(): string {
  const fragment = decodeURIComponent(location.hash.slice(1));
  if (fragment !== "") {
    sessionStorage.setItem(KEPT, fragment);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT) ?? "";
}
