// The bar above the editors: a form to sign in, or who is signed in and a button to sign out.

import { comeBack, sendAway } from "./single_sign_on.mjs";

const ERRORS = {
  ISSUER_UNAVAILABLE: "The identity provider can't be reached just now.",
  ACCOUNT_REQUIRED: "No account is linked to you. Sign in by a password, and link it.",
};

/** Keeps the bar as the session is. */
export function showSession(session) {
  const signIn = document.getElementById("sign-in");
  const signOut = document.getElementById("sign-out");
  const show = () => {
    signIn.hidden = session.username !== null;
    signOut.hidden = session.username === null;
    document.getElementById("who").textContent = session.username ? `Signed in as ${session.username}` : "";
  };
  session.addEventListener("change", show);
  show();
  // A challenge is of the account and the password that got it.
  for (const each of ["username", "password"]) {
    signIn.elements[each].addEventListener("input", () => waitForCode(signIn, ""));
  }
  onSubmit(signIn, async () => {
    await answering(session, signIn);
    signIn.reset();
    signOut.querySelector("button").focus();
  });
  const link = document.getElementById("single-sign-on");
  if (link) signOn(session, link);
  onSubmit(signOut, async () => {
    await session.signOut();
    signIn.elements.username.focus();
  });
}

/** Where the operator has an identity provider: by its link, and by what one comes back with. */
async function signOn(session, link) {
  sendAway(link);
  const answer = comeBack();
  if (!answer) return;
  const problem = document.getElementById("problem");
  try {
    if (answer.error) throw new Error(ERRORS[answer.error] ?? "The identity provider did not sign you in.");
    await session.signInByCode(answer.code, answer.verifier);
  } catch (error) {
    problem.textContent = error.message;
  }
}

/** Signs in; asks for the code where the account has one-time passwords, and takes it the next time. */
async function answering(session, form) {
  const { username, password, code } = form.elements;
  const challenge = form.dataset.challenge;
  try {
    if (challenge) await session.answer(username.value, challenge, code.value);
    else await session.signIn(username.value, password.value);
    waitForCode(form, "");
  } catch (error) {
    code.value = "";
    if (error.challenge) waitForCode(form, error.challenge);
    else if (error.code === "INVALID_CHALLENGE") waitForCode(form, "");
    throw error;
  }
}

/** Shows the field of the code while a challenge waits for one, and hides it while none does. */
function waitForCode(form, challenge) {
  form.dataset.challenge = challenge;
  document.getElementById("code").hidden = !challenge;
  form.elements.code.required = Boolean(challenge);
  if (challenge) form.elements.code.focus();
}

/** Does it, one at a time, and says what went wrong. */
function onSubmit(form, act) {
  const button = form.querySelector("button");
  const problem = document.getElementById("problem");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      await act();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      button.disabled = false;
    }
  });
}
