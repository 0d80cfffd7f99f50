// What the page says: the language, numbers and durations as text, a flag as a sentence, and text in the document.

import { EN } from "./en.js";
import { ZH } from "./zh.js";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;
const STORAGE_KEY = "fanpulse-language";
const TIERS = ["passer-by", "fan", "active", "core"];
// Characters that are invisible or change the direction of text: an id with them could look like another.
const CONTROLS = "\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202f\\u2060-\\u206f";
const WIDTHLESS = "\\u00ad\\u061c\\u180e\\u200b-\\u200f\\ufeff\\ufff9-\\ufffb\\ud800-\\udfff";
const INVISIBLE = new RegExp(`[${CONTROLS}${WIDTHLESS}]`, "gu");

/** @typedef {keyof typeof LANGUAGES} Language */
/** @import { FlagRow, PlainText, Texts } from "./types.js" */

export const LANGUAGES = { en: EN, zh: ZH };
/** @type {{ language: Language }} */
const chosen = { language: storedLanguage() ?? (navigator.language.startsWith("zh") ? "zh" : "en") };

function storedLanguage() {
  try {
    const stored = localStorage.getItem(STORAGE_KEY);
    return stored === "en" || stored === "zh" ? stored : null;
  } catch {
    return null; // storage is blocked
  }
}

export const language = () => chosen.language;
/** @returns {Texts} */
export const texts = () => LANGUAGES[chosen.language];
const locale = () => (chosen.language === "zh" ? "zh-CN" : "en");

/** @param {Language} name */
export function setLanguage(name) {
  chosen.language = name;
  try {
    localStorage.setItem(STORAGE_KEY, name);
  } catch {
    // storage is blocked: the choice lasts until the page is closed
  }
}

/** Sets the text of every element that names one. */
export function translate() {
  document.documentElement.lang = locale();
  for (const node of selectAll("[data-text]")) {
    node.textContent = texts()[/** @type {PlainText} */ (node.dataset.text)];
  }
  for (const node of selectAll("[data-label]")) {
    node.setAttribute("aria-label", texts()[/** @type {PlainText} */ (node.dataset.label)]);
  }
}

const selectAll = (/** @type {string} */ selector) =>
  /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector));

/**
 * Returns an element of the page by its id, or throws where it is missing or of another class.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
export function get(id, kind) {
  const node = document.getElementById(id);
  if (node instanceof (kind ?? HTMLElement)) return /** @type {Kind} */ (node);
  throw new TypeError(`the page has no ${kind?.name ?? "element"} #${id}`);
}

/**
 * Returns the text for a name that the server sent; the name itself where there is none.
 *
 * @param {Readonly<Record<string, string>>} table
 * @param {string} name
 */
export const textOf = (table, name) => table[name] ?? name;

/**
 * Makes an element. Ids are chosen by strangers: text content only, never markup.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 */
export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== "") node.textContent = text;
  return node;
}

/**
 * Sets a text that changed; setting the same text again would cost a layout.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Returns an id with hidden characters spelled out. */
export const visible = (/** @type {string} */ id) =>
  id.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const formatWhole = (/** @type {number} */ n) => Math.round(n).toLocaleString(locale());

/**
 * 99,999 in full, 23,400,000 as 23.4M.
 *
 * @param {number} n
 */
export function formatCount(n) {
  if (n < 100_000) return formatWhole(n);
  return n.toLocaleString(locale(), { notation: "compact", maximumFractionDigits: 1 });
}

/**
 * Seconds that events waited: <0.2 (scored before the next observation), 0.41, 3.4, 56.
 *
 * @param {number} seconds
 */
export function formatSeconds(seconds) {
  if (seconds === 0) return "<0.2";
  if (seconds < 1) return seconds.toFixed(2);
  return seconds < 10 ? seconds.toFixed(1) : formatWhole(seconds);
}

/** @param {number} seconds */
export function formatSpan(seconds) {
  const words = texts();
  if (seconds >= 1.5 * DAY_S) return words.day(Math.round(seconds / DAY_S));
  if (seconds >= DAY_S) return words.day(1);
  if (seconds >= HOUR_S) return words.hour(Math.round(seconds / HOUR_S));
  if (seconds >= MINUTE_S) return words.minute(Math.round(seconds / MINUTE_S));
  return words.second(Math.round(seconds));
}

/**
 * @param {number} at epoch ms
 * @param {number} now epoch ms
 */
export function formatAgo(at, now) {
  const words = texts();
  const seconds = Math.max(0, (now - at) / 1000);
  if (seconds < 2) return words.agoNow;
  if (seconds < MINUTE_S) return words.ago(Math.floor(seconds), "s");
  if (seconds < HOUR_S) return words.ago(Math.floor(seconds / MINUTE_S), "m");
  if (seconds < DAY_S) return words.ago(Math.floor(seconds / HOUR_S), "h");
  return seconds < 60 * DAY_S ? words.ago(Math.floor(seconds / DAY_S), "d") : new Date(at).toISOString().slice(0, 10);
}

/** Returns HH:MM of a moment in epoch ms. */
export const formatClock = (/** @type {number} */ at) => new Date(at).toTimeString().slice(0, 5);

/** @param {number} at epoch ms */
export function formatMoment(at) {
  /** @type {Intl.DateTimeFormatOptions} */
  const style = { dateStyle: "medium", timeStyle: "short" };
  return new Date(at).toLocaleString(chosen.language === "zh" ? "zh-CN" : "en-GB", style);
}

export const isPromotion = (/** @type {FlagRow} */ flag) => TIERS.indexOf(flag.state) > TIERS.indexOf(flag.from);

/**
 * Returns a flag as one sentence.
 *
 * @param {FlagRow} flag
 */
export function describeFlag(flag) {
  const words = texts();
  const { usual_gap_s: gap, silent_for_s: silent, post_id: post, event_id: event } = flag.evidence;
  if (flag.kind === "negative") {
    if (flag.state !== "raised") return "";
    const where = post ? words.post(visible(post)) : event ? words.noPost : words.overComments;
    return `${words.severity(flag.severity)} · ${where}`;
  }
  if (flag.kind === "tier") {
    return words.moved(textOf(words.tiers, flag.from), textOf(words.tiers, flag.state));
  }
  if (flag.kind !== "churn") return flag.reason;
  if (flag.state === "returned") return words.backAfter(formatSpan(silent));
  if (flag.state === "cleared") return words.activeAgain(formatSpan(silent));
  const silence = gap > 0 ? words.usually(formatSpan(gap), formatSpan(silent)) : words.silentFor(formatSpan(silent));
  /** @type {Record<string, string>} */
  const reasons = { campaign_only: words.onlyPrizes, negative: words.wasUnhappy };
  const reason = reasons[flag.reason];
  return reason ? `${silence} · ${reason}` : silence;
}
