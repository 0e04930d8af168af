// Signing in by the operator's identity provider: away and back, with a code that this tab alone can redeem.

import { at } from "./session.mjs";

const KEY = "gateway-sign-in";

/** Sends the person away by the link; hides it where the browser has no digests (plain http to another machine). */
export function sendAway(link) {
  link.hidden = !globalThis.crypto?.subtle;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const verifier = text(crypto.getRandomValues(new Uint8Array(32)));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    sessionStorage.setItem(KEY, verifier);
    const address = at("auth/oidc/login");
    const asked = { return: location.pathname, code_challenge: text(new Uint8Array(digest)) };
    address.search = new URLSearchParams(asked).toString();
    location.assign(address);
  });
}

/** What the person came back with: a code and its verifier, or an error; null for who has not been away. */
export function comeBack() {
  const verifier = sessionStorage.getItem(KEY);
  const answer = new URLSearchParams(location.search);
  const [code, error] = [answer.get("code"), answer.get("error")];
  if (verifier === null || (code === null && error === null)) return null;
  sessionStorage.removeItem(KEY);
  history.replaceState(null, "", location.pathname);
  return { code, error, verifier };
}

/** base64url without padding. */
function text(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
