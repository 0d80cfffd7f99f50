// The words in the language of whoever looks, and what puts them into the page.

import { EN } from "./en.js";
import { ZH } from "./zh.js";

export const BOTH = { en: EN, zh: ZH };

function remembered() {
  try { return localStorage.getItem("fanpulse-language"); } catch { return null; }
}

export let language = BOTH[remembered()] ? remembered() : navigator.language.startsWith("zh") ? "zh" : "en";

export const say = () => BOTH[language];

export function speak(other) {
  language = other;
  try { localStorage.setItem("fanpulse-language", other); } catch { /* a private window forgets it */ }
  translate();
}

// Put the words into everything that names them.
export function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say()[node.dataset.say];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say()[node.dataset.label]);
}
