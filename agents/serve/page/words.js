// What the page says: the language, numbers and durations as text, a flag as a sentence, and text in the document.

import { EN } from "./en.js";
import { ZH } from "./zh.js";

const MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400;
const STORAGE_KEY = "fanpulse-language";
const TIERS = ["passer-by", "fan", "active", "core"];
// Characters that are invisible or change the direction of text: an id with them could look like another.
const CONTROLS = "\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202f\\u2060-\\u206f";
const WIDTHLESS = "\\u00ad\\u061c\\u180e\\u200b-\\u200f\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff";
const INVISIBLE = new RegExp(`[${CONTROLS}${WIDTHLESS}]`, "gu");

export const LANGUAGES = { en: EN, zh: ZH };
const chosen = { language: storedLanguage() ?? (navigator.language.startsWith("zh") ? "zh" : "en") };

function storedLanguage() {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored in LANGUAGES ? stored : null;
  } catch {
    return null; // storage is blocked
  }
}

export const language = () => chosen.language;
export const texts = () => LANGUAGES[chosen.language];
const locale = () => (chosen.language === "zh" ? "zh-CN" : "en");

export function setLanguage(name) {
  chosen.language = name;
  try {
    localStorage.setItem(STORAGE_KEY, name);
  } catch {
    // storage is blocked: the choice lasts until the page is closed
  }
}

// Sets the text of every element that names one.
export function translate() {
  document.documentElement.lang = locale();
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = texts()[node.dataset.text];
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", texts()[node.dataset.label]);
  }
}

// Ids are chosen by strangers: text content only, never markup.
export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== "") node.textContent = text;
  return node;
}

// Setting the same text again would cost a layout.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const visible = (id) =>
  id.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const formatWhole = (n) => Math.round(n).toLocaleString(locale());

// 99,999 in full, 23,400,000 as 23.4M.
export function formatCount(n) {
  if (n < 100_000) return formatWhole(n);
  return n.toLocaleString(locale(), { notation: "compact", maximumFractionDigits: 1 });
}

// Seconds that events waited: <0.2 (scored before the next observation), 0.41, 3.4, 56.
export function formatSeconds(seconds) {
  if (seconds === 0) return "<0.2";
  if (seconds < 1) return seconds.toFixed(2);
  return seconds < 10 ? seconds.toFixed(1) : formatWhole(seconds);
}

export function formatSpan(seconds) {
  const words = texts();
  if (seconds >= 1.5 * DAY_S) return words.day(Math.round(seconds / DAY_S));
  if (seconds >= DAY_S) return words.day(1);
  if (seconds >= HOUR_S) return words.hour(Math.round(seconds / HOUR_S));
  if (seconds >= MINUTE_S) return words.minute(Math.round(seconds / MINUTE_S));
  return words.second(Math.round(seconds));
}

// Both in epoch ms.
export function formatAgo(at, now) {
  const words = texts(), seconds = Math.max(0, (now - at) / 1000);
  if (seconds < 2) return words.agoNow;
  if (seconds < MINUTE_S) return words.ago(Math.floor(seconds), "s");
  if (seconds < HOUR_S) return words.ago(Math.floor(seconds / MINUTE_S), "m");
  if (seconds < DAY_S) return words.ago(Math.floor(seconds / HOUR_S), "h");
  return seconds < 60 * DAY_S ? words.ago(Math.floor(seconds / DAY_S), "d") : new Date(at).toISOString().slice(0, 10);
}

export const formatClock = (at) => new Date(at).toTimeString().slice(0, 5);

export function formatMoment(at) {
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Date(at).toLocaleString(chosen.language === "zh" ? "zh-CN" : "en-GB", style);
}

export const isPromotion = (flag) => TIERS.indexOf(flag.state) > TIERS.indexOf(flag.from);

// A flag as one sentence.
export function describeFlag(flag) {
  const words = texts(), { usual_gap_s: gap, silent_for_s: silent, post_id: post, event_id: event } = flag.evidence;
  if (flag.kind === "negative") {
    if (flag.state !== "raised") return "";
    const where = post ? words.post(visible(post)) : event ? words.noPost : words.overComments;
    return `${words.severity(flag.severity)} · ${where}`;
  }
  if (flag.kind === "tier") {
    return words.moved(words.tiers[flag.from] ?? flag.from, words.tiers[flag.state] ?? flag.state);
  }
  if (flag.state === "returned") return words.backAfter(formatSpan(silent));
  if (flag.state === "cleared") return words.activeAgain(formatSpan(silent));
  const silence = gap > 0 ? words.usually(formatSpan(gap), formatSpan(silent)) : words.silentFor(formatSpan(silent));
  const reason = { campaign_only: words.onlyPrizes, negative: words.wasUnhappy }[flag.reason];
  return reason ? `${silence} · ${reason}` : silence;
}
