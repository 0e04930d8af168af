// A person who goes to the identity provider by the link, and comes back; once more while it says no.

import { withBrowser } from "./browser.mjs";

const [executable, url] = process.argv.slice(2);

async function signsOn(page) {
  await page.goto(`${url}/graphql`);
  const link = page.getByRole("link", { name: "Sign in with Telecom ID" });
  await link.waitFor();
  await link.click();
  await page.locator("#who, #problem").filter({ hasText: /./ }).first().waitFor();
  return {
    who: await page.locator("#who").textContent(),
    problem: await page.locator("#problem").textContent(),
    address: page.url(),
    isLinkLeft: await link.isVisible(),
    kept: await page.evaluate(() => sessionStorage.getItem("gateway-sign-in")),
  };
}

const seen = await withBrowser(executable, async (page) => {
  const there = await signsOn(page);
  await page.reload();
  await page.locator("#who").filter({ hasText: /./ }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Username").waitFor();
  return { there };
});
console.log(JSON.stringify(seen));
