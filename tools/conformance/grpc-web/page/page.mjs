// Runs the checks, and tells the program that opened the browser what came of each.

import { stage } from "./stage.mjs";
import { checks as connect } from "./connect.mjs";
import { checks as own } from "./own.mjs";
import { checks as json } from "./json.mjs";
import { checks as jobs } from "./jobs.mjs";
import { checks as refused } from "./refused.mjs";

// For one check, in milliseconds.
const PATIENCE = 60_000;

const told = (what) => fetch("/said", { method: "POST", body: JSON.stringify(what) });

async function run([title, does]) {
  const begun = performance.now();
  let well = true;
  let detail;
  try {
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error("no end in time")), PATIENCE));
    detail = await Promise.race([does(stage), late]);
  } catch (error) {
    well = false;
    detail = String(error);
  }
  await told({ title, detail, well, seconds: (performance.now() - begun) / 1000 });
}

const all = location.hash === "#refused" ? refused : [...connect, ...own, ...json, ...jobs];
for (const check of all) await run(check);
await told({ over: all.length });
