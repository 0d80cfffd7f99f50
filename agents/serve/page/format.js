// Numbers, durations and moments as people read them; and the one way to make an element.

import { language, say } from "./words.js";

const MINUTE = 60, HOUR = 3600, DAY = 86400;

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

export const whole = (n) => Math.round(n).toLocaleString(language === "zh" ? "zh-CN" : "en");

// A large count in few characters: 23,400,000 -> 23.4M.
export const short = (n) =>
  n < 100_000 ? whole(n) : n.toLocaleString(language === "zh" ? "zh-CN" : "en", { notation: "compact", maximumFractionDigits: 1 });

export function span(seconds) {
  const words = say();
  if (seconds >= 1.5 * DAY) return words.day(Math.round(seconds / DAY));
  if (seconds >= DAY) return words.day(1);
  if (seconds >= HOUR) return words.hour(Math.round(seconds / HOUR));
  if (seconds >= MINUTE) return words.minute(Math.round(seconds / MINUTE));
  return words.second(Math.round(seconds));
}

export function ago(ms, now) {
  const { ago: unit, agoNow } = say(), s = Math.max(0, (now - ms) / 1000);
  if (s < 2) return agoNow;
  if (s < MINUTE) return `${Math.floor(s)} ${unit.s}`;
  if (s < HOUR) return `${Math.floor(s / MINUTE)} ${unit.m}`;
  if (s < DAY) return `${Math.floor(s / HOUR)} ${unit.h}`;
  return s < 60 * DAY ? `${Math.floor(s / DAY)} ${unit.d}` : new Date(ms).toISOString().slice(0, 10);
}

export const moment = (ms) =>
  new Date(ms).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });
