// The bar above the editors: a form to sign in, or who is signed in and a button to sign out.

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
  onSubmit(signIn, async () => {
    await session.signIn(signIn.elements.username.value, signIn.elements.password.value);
    signIn.reset();
    signOut.querySelector("button").focus();
  });
  onSubmit(signOut, async () => {
    await session.signOut();
    signIn.elements.username.focus();
  });
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
