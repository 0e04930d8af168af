// Who is signed in: the tokens of the gateway's own sessions, kept for this tab of the browser alone.
//
// Tokens, and not the cookies of `?mode=cookie`: those have `__Host-` names, which a browser keeps over https and, of
// plain http, at most on names of its own machine (Safari on none). A token works wherever the page does, and the
// WebSocket takes it in `connection_init`.

const KEY = "gateway-session";
// A token that runs out sooner is renewed before it is used: a request may take a while.
const MARGIN_MS = 30_000;

/** Tells its listeners of every `change`. */
export class Session extends EventTarget {
  #kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  #renewal = null;

  /** Who is signed in; null for nobody. */
  get username() {
    return this.#kept?.username ?? null;
  }

  /** Throws an Error with the gateway's own sentence when it refuses; with a `challenge` where a code is needed too. */
  async signIn(username, password) {
    this.#keep(username, await post("auth/session", { username, password }));
  }

  /** By the code of a sign-in elsewhere. Throws an Error as `signIn`. */
  async signInByCode(code, verifier) {
    const tokens = await post("auth/oidc/session", { code, code_verifier: verifier });
    const { data } = await post("graphql", { query: "{ viewer { username } }" }, bearer(tokens.access_token));
    this.#keep(data.viewer.username, tokens);
  }

  /** Ends a sign-in that waits for a code: the authenticator's, or a recovery code. Throws an Error as `signIn`. */
  async answer(username, challenge, code) {
    const proof = /^[\d\s]*$/.test(code) ? { oneTimeCode: code } : { recoveryCode: code };
    this.#keep(username, await post("auth/session/challenge", { challenge, ...proof }));
  }

  /** Ends the session at the gateway, and here whatever the gateway says. */
  async signOut() {
    const token = await this.token();
    this.forget();
    if (token) await fetch(at("auth/session"), { method: "DELETE", headers: bearer(token) });
  }

  /** An access token that is good for a while; null where nobody is signed in, or where the session has ended. */
  async token() {
    if (!this.#kept) return null;
    if (this.#kept.expiresAt - Date.now() > MARGIN_MS) return this.#kept.access;
    this.#renewal ??= this.#renew().finally(() => (this.#renewal = null));
    await this.#renewal;
    return this.#kept?.access ?? null;
  }

  /** Nobody is signed in any more. */
  forget() {
    this.#kept = null;
    sessionStorage.removeItem(KEY);
    this.dispatchEvent(new Event("change"));
  }

  async #renew() {
    const { username, refresh } = this.#kept;
    try {
      this.#keep(username, await post("auth/refresh", { refresh_token: refresh }));
    } catch (error) {
      // A gateway that can't be reached has not ended the session.
      if (!error.isRefusal) throw error;
      this.forget();
    }
  }

  #keep(username, tokens) {
    const isNew = this.#kept?.username !== username;
    const expiresAt = Date.now() + tokens.expires_in * 1000;
    this.#kept = { username, access: tokens.access_token, refresh: tokens.refresh_token, expiresAt };
    sessionStorage.setItem(KEY, JSON.stringify(this.#kept));
    if (isNew) this.dispatchEvent(new Event("change"));
  }
}

/** The header that says who asks; none for nobody. */
export function bearer(token) {
  return token ? { authorization: `Bearer ${token}` } : {};
}

/** An address of the gateway: the page stands at its root's `graphql`. */
export function at(path) {
  return new URL(path, document.baseURI);
}

async function post(path, body, more = {}) {
  const headers = { "content-type": "application/json", ...more };
  const response = await fetch(at(path), { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (response.ok) return answer;
  const { challenge, errors } = answer;
  const kind = { isRefusal: response.status < 500, code: errors?.[0]?.code, challenge };
  throw Object.assign(new Error(answer.detail ?? answer.title), kind);
}
