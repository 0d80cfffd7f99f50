// The chart library that the page loads is the version that its types describe.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";

const VENDOR = new URL("../../../../agents/serve/page/vendor/", import.meta.url);
const DIST = dirname(createRequire(import.meta.url).resolve("uplot"));

for (const [vendored, published] of [
  ["uPlot.min.js", "uPlot.iife.min.js"],
  ["uPlot.min.css", "uPlot.min.css"],
]) {
  test(`${vendored} is uplot's own ${published}`, () => {
    assert.ok(readFileSync(new URL(vendored, VENDOR)).equals(readFileSync(join(DIST, published))));
  });
}
