// Takes every address out of the lock files, to be run after `npm install` has changed one.
import { readFileSync, writeFileSync } from "node:fs";

for (const folder of ["..", "../typed"]) {
  const file = new URL(`${folder}/package-lock.json`, import.meta.url);
  const lock = JSON.parse(readFileSync(file, "utf8"));
  for (const entry of Object.values(lock.packages)) {
    for (const name of ["resolved", "funding", "deprecated"]) delete entry[name];
  }
  writeFileSync(file, JSON.stringify(lock, null, 2) + "\n");
}
