// Claims about the page's words: numbers, durations and moments as text, and a flag as a sentence, in both languages.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

Object.defineProperty(globalThis, "navigator", { value: { language: "en-GB" }, configurable: true });
const words = await import("../../../../agents/serve/page/words.js");

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2025, 0, 31, 12);
const flag = (changes) => ({
  flag_id: "f",
  fan_id: "weibo:1",
  kind: "churn",
  state: "at_risk",
  from: "active",
  reason: "silence",
  severity: 2,
  evidence: { usual_gap_s: 3 * 86_400, silent_for_s: 16 * 86_400, event_id: null, post_id: null },
  as_of: NOW,
  ...changes,
});

beforeEach(() => words.setLanguage("en"));

test("counts are written in full below 100,000 and shortened above", () => {
  assert.equal(words.formatCount(99_999), "99,999");
  assert.equal(words.formatCount(23_400_000), "23.4M");
});

test("waits have as many digits as they are known to", () => {
  assert.deepEqual([0, 0.412, 3.44, 56.4].map(words.formatSeconds), ["<0.2", "0.41", "3.4", "56"]);
});

test("a span is given in its largest unit", () => {
  assert.deepEqual([1, 59, 60, 3_600, 86_400, 1.4 * 86_400, 1.5 * 86_400].map(words.formatSpan), [
    "1 second",
    "59 seconds",
    "1 minute",
    "1 hour",
    "1 day",
    "1 day",
    "2 days",
  ]);
});

test("a moment is given by its age, and by its date after 60 days", () => {
  const ages = [1_000, 59_000, 61_000, HOUR_MS, 25 * HOUR_MS, 61 * 24 * HOUR_MS];
  assert.deepEqual(
    ages.map((age) => words.formatAgo(NOW - age, NOW)),
    ["now", "59 s ago", "1 min ago", "1 h ago", "1 d ago", "2024-12-01"],
  );
  assert.equal(words.formatAgo(NOW + HOUR_MS, NOW), "now");
});

test("characters that hide or turn text are spelled out", () => {
  assert.equal(words.visible("weibo:1\u202e2\u200b\n"), "weibo:1\\u202e2\\u200b\\u000a");
  assert.equal(words.visible("微博:小明"), "微博:小明");
});

test("a churn flag names the fan's own rhythm, and the reason", () => {
  assert.equal(words.describeFlag(flag({})), "usually comes every 3 days; silent for 16 days");
  assert.equal(
    words.describeFlag(flag({ reason: "campaign_only" })),
    "usually comes every 3 days; silent for 16 days · took part for prizes only",
  );
  const evidence = { usual_gap_s: 0, silent_for_s: 86_400, event_id: null, post_id: null };
  assert.equal(words.describeFlag(flag({ evidence })), "silent for 1 day");
  assert.equal(words.describeFlag(flag({ state: "returned" })), "back after 16 days");
  assert.equal(words.describeFlag(flag({ state: "cleared" })), "active again after 16 days");
});

test("a negative flag names the post when there is one, and nothing once it is cleared", () => {
  const negative = (evidence, state = "raised") => flag({ kind: "negative", state, evidence });
  assert.equal(
    words.describeFlag(negative({ event_id: "e", post_id: "p\u200b7" })),
    "severity 2 of 3 · post p\\u200b7",
  );
  assert.equal(words.describeFlag(negative({ event_id: "e", post_id: null })), "severity 2 of 3 · post not named");
  assert.equal(
    words.describeFlag(negative({ event_id: null, post_id: null })),
    "severity 2 of 3 · over several comments",
  );
  assert.equal(words.describeFlag(negative({}, "cleared")), "");
});

test("a tier flag names both tiers, and which way it went", () => {
  const up = flag({ kind: "tier", from: "passer-by", state: "core" });
  assert.equal(words.describeFlag(up), "passer-by → core");
  assert.equal(words.isPromotion(up), true);
  assert.equal(words.isPromotion(flag({ from: "core", state: "fan" })), false);
});

test("both languages have the same texts, of the same types", () => {
  const shape = (value) =>
    typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner)]))
      : typeof value;
  const { problems: _english, ...english } = shape(words.LANGUAGES.en);
  const { problems: _chinese, ...chinese } = shape(words.LANGUAGES.zh);
  assert.deepEqual(chinese, english);
});

test("a name that the page does not know is shown as it is", () => {
  assert.equal(words.textOf(words.texts().tiers, "fan"), "fan");
  assert.equal(words.textOf(words.texts().tiers, "legend"), "legend");
});

test("the other language is used at once", () => {
  words.setLanguage("zh");
  assert.equal(words.texts().brand, "品牌");
  assert.equal(words.formatSpan(86_400), words.texts().day(1));
});
