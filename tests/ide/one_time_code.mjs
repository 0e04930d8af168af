// A person whose account has a one-time password signs in at the page. Prints what there was to see.

import { Editors, withBrowser } from "./browser.mjs";

const [executable, url, username, password, wrong, right] = process.argv.slice(2);

const seen = await withBrowser(executable, async (page) => {
  await page.goto(`${url}/graphql`);
  const editors = new Editors(page);
  await editors.ready();
  const code = page.getByLabel("One-time code");
  const said = page.locator("#problem");
  const wasShown = await code.isVisible();
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.keyboard.press("Enter");
  await code.waitFor();
  const asked = await said.textContent();
  const completion = await code.getAttribute("autocomplete");
  await page.keyboard.type(wrong);
  await page.keyboard.press("Enter");
  await said.filter({ hasText: "recovery code is wrong" }).waitFor();
  await page.keyboard.type(right);
  await page.keyboard.press("Enter");
  await page.getByText(`Signed in as ${username}`).waitFor();
  const viewer = await editors.run("Viewer");
  return { wasShown, asked, completion, isLeft: await code.isVisible(), viewer };
});
console.log(JSON.stringify(seen));
