// Numbers, durations, moments and ids as people read them; and the one way to make an element.

import { language, say } from "./words.js";

const MINUTE = 60, HOUR = 3600, DAY = 86400;
// What is not seen, or turns the writing around: an id that holds it could look like another.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

// Ids are written by strangers: text content only, never markup.
export function make(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== "") node.textContent = text;
  return node;
}

// Writing what stands there already would cost a layout for nothing.
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const plain = (id) => id.replace(UNSEEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

const locale = () => (language === "zh" ? "zh-CN" : "en");

export const whole = (n) => Math.round(n).toLocaleString(locale());

// A large count in few characters: 23,400,000 -> 23.4M.
export const short = (n) => (n < 100_000 ? whole(n) : n.toLocaleString(locale(), { notation: "compact", maximumFractionDigits: 1 }));

// Seconds that events waited, as they are told apart: <0.2 (seen and done at one look), 0.41, 3.4, 56.
export const seconds = (s) => (s === 0 ? "<0.2" : s < 1 ? s.toFixed(2) : s < 10 ? s.toFixed(1) : whole(s));

export function span(seconds) {
  const words = say();
  if (seconds >= 1.5 * DAY) return words.day(Math.round(seconds / DAY));
  if (seconds >= DAY) return words.day(1);
  if (seconds >= HOUR) return words.hour(Math.round(seconds / HOUR));
  if (seconds >= MINUTE) return words.minute(Math.round(seconds / MINUTE));
  return words.second(Math.round(seconds));
}

export function ago(ms, now) {
  const words = say(), s = Math.max(0, (now - ms) / 1000);
  if (s < 2) return words.agoNow;
  if (s < MINUTE) return words.ago(Math.floor(s), "s");
  if (s < HOUR) return words.ago(Math.floor(s / MINUTE), "m");
  if (s < DAY) return words.ago(Math.floor(s / HOUR), "h");
  return s < 60 * DAY ? words.ago(Math.floor(s / DAY), "d") : new Date(ms).toISOString().slice(0, 10);
}

export const clock = (ms) => new Date(ms).toTimeString().slice(0, 5);

export const moment = (ms) => new Date(ms).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
