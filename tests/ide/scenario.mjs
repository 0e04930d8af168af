// A person at the page: looks around, signs in, orders and follows the order, signs out. Prints what there was to see.

import { Editors, withBrowser } from "./browser.mjs";

const [executable, url, username, password, picture] = process.argv.slice(2);
const PLACE = {
  address: { street: "Storgatan", houseNumber: "1", postcode: "11122", city: "Stockholm", country: "SE" },
};

async function look(page) {
  const username = page.getByLabel("Username");
  return {
    language: await page.locator("html").getAttribute("lang"),
    form: await page.getByRole("form", { name: "Sign in" }).count(),
    passwordKind: await page.getByLabel("Password").getAttribute("type"),
    completion: await username.getAttribute("autocomplete"),
  };
}

/** By keyboard alone. */
async function signIn(page, word) {
  await page.getByLabel("Username").focus();
  await page.keyboard.type(username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(word);
  await page.keyboard.press("Enter");
}

async function signsIn(page) {
  await signIn(page, `not ${password}`);
  const alert = page.locator("#problem");
  await alert.filter({ hasText: /./ }).waitFor();
  const refusal = await alert.textContent();
  await page.getByLabel("Username").fill("");
  await page.getByLabel("Password").fill("");
  await signIn(page, password);
  await page.getByText(`Signed in as ${username}`).waitFor();
  const focus = await page.evaluate(() => document.activeElement.textContent);
  const isFormLeft = await page.getByLabel("Username").isVisible();
  return { refusal, focus, isFormLeft, problem: await alert.textContent() };
}

/** A part of the answer comes later than the rest. */
async function deferred(editors) {
  await editors.open("Viewer");
  await editors.write("query Viewer { viewer { username ... @defer { memberships { role } } } }");
  return editors.send((answer) => answer.data?.viewer?.memberships);
}

/** A bundle of the first predefined offering, ready to be ordered. */
async function bundles(editors) {
  const found = await editors.run("BrowseCatalog", { filter: { categories: ["iptv"], isBundle: true }, first: 5 });
  const offeringId = found.data.productOfferings.edges[0].node.id;
  const made = await editors.run("CreateBundle", { input: { name: "In a browser", offeringId, place: PLACE } });
  const id = made.data.createBundle.bundle.id;
  let bundle = (await editors.run("Bundle", { id })).data.bundle;
  for (const issue of bundle.issues.filter((each) => each.code === "MISSING_FIELD")) {
    const item = bundle.items.find((each) => each.id === issue.item.id);
    const field = item.orderForm.fields.find((each) => each.key === issue.field);
    const fields = [{ key: field.key, values: [field.constraint.choices[0].value] }];
    await editors.run("ConfigureBundleItem", { input: { bundleId: id, itemId: item.id, fields } });
  }
  bundle = (await editors.run("Bundle", { id }, (answer) => answer.data.bundle.isOrderable)).data.bundle;
  return { offeringId, made, bundle };
}

async function orders(editors, bundle) {
  const input = {
    bundleId: bundle.id,
    expectedRevision: bundle.revision,
    acceptedTermIds: bundle.terms.map((term) => term.id),
    idempotencyKey: `browser-${Date.now()}`,
  };
  const placed = await editors.run("PlaceOrder", { input });
  const isOver = (answer) => answer.data?.orderEvents.orderState === "COMPLETED" || answer.errors;
  const last = await editors.run("TrackOrder", { orderId: placed.data.placeOrder.order.id }, isOver);
  return { placed, last };
}

/** Comes back to the page with another token, or one that runs out at another time. */
async function reload(page, editors, changed) {
  await page.evaluate((other) => {
    const kept = JSON.parse(sessionStorage.getItem("gateway-session"));
    sessionStorage.setItem("gateway-session", JSON.stringify({ ...kept, ...other }));
  }, changed);
  await page.reload();
  await editors.ready();
}

async function returns(page, editors) {
  await reload(page, editors, { expiresAt: 0, access: "run out" });
  const who = await page.locator("#who").textContent();
  return { who, viewer: await editors.run("Viewer") };
}

/** Follows while the token runs out: the ping that renews it, and the pong. */
async function staysOn(page, editors) {
  await reload(page, editors, { expiresAt: Date.now() + 36_000 });
  const pings = new Promise((resolve) =>
    page.on("websocket", (socket) => {
      const said = [];
      socket.on("framesent", ({ payload }) => payload.includes('"ping"') && said.push(JSON.parse(payload)));
      socket.on("framereceived", ({ payload }) => {
        if (payload.includes('"pong"')) resolve([...said, JSON.parse(payload)]);
      });
    }),
  );
  await editors.run("TrackCustomer");
  const [ping, pong] = await pings;
  await page.getByRole("button", { name: "Stop query" }).click();
  return { sent: Object.keys(ping.payload), goodFor: Date.parse(pong.payload.expiresAt) - Date.now() };
}

async function signsOut(page, editors) {
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("form", { name: "Sign in" }).waitFor();
  const kept = await page.evaluate(() => sessionStorage.getItem("gateway-session"));
  return { kept, viewer: await editors.run("Viewer", null, (answer) => answer.data?.viewer === null) };
}

const seen = await withBrowser(executable, async (page) => {
  const opened = await page.goto(`${url}/graphql`);
  const editors = new Editors(page);
  await editors.ready();
  const looked = await look(page);
  const tabs = await editors.tabs();
  const nobody = await editors.run("Viewer");
  const signedIn = await signsIn(page);
  const inParts = await deferred(editors);
  const { offeringId, made, bundle } = await bundles(editors);
  const { placed, last } = await orders(editors, bundle);
  const workers = page.workers().map((worker) => worker.url());
  if (picture) await page.screenshot({ path: picture });
  const returned = await returns(page, editors);
  const stayed = await staysOn(page, editors);
  const signedOut = await signsOut(page, editors);
  const faults = await editors.faults("{ nothing }");
  const told = { status: opened.status(), looked, tabs, nobody, signedIn, workers, returned, signedOut, faults, inParts, stayed };
  return { ...told, offeringId, made, placed, last };
});
console.log(JSON.stringify(seen));
