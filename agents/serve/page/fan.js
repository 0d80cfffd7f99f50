// One fan: the score and its parts, what the fan did, and their flags of the last month.

import {
  describeFlag,
  formatMoment,
  formatSpan,
  formatWhole,
  get,
  language,
  make,
  setText,
  textOf,
  texts,
  visible,
} from "./words.js";

/** @import { FanScore, FlagRow } from "./types.js" */

const REFRESH_MS = 3000; // while it is open
const MAX_FLAGS = 20;

export class FanDialog {
  constructor() {
    this.dialog = get("fan", HTMLDialogElement);
    this.body = get("fan-body");
    this.closeButton = get("fan-close", HTMLButtonElement);
    /** @type {{ brand: string, fan: string } | null} */
    this.shown = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.closeButton.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close()); // backdrop
    this.dialog.addEventListener("close", () => {
      this.shown = null;
      clearTimeout(this.timer);
    });
  }

  /**
   * @param {string} brand
   * @param {string} fan
   */
  open(brand, fan) {
    this.shown = { brand, fan };
    setText(get("fan-id"), visible(fan));
    setText(this.closeButton, texts().close);
    this.showMessage("…");
    this.dialog.showModal();
    this.refresh();
  }

  async refresh() {
    const asked = this.shown;
    if (asked === null) return;
    try {
      const path = `/fans/${encodeURIComponent(asked.brand)}/${encodeURIComponent(asked.fan)}`;
      const [fan, flags] = await Promise.all([fetch(path), fetch(`${path}/flags?limit=${MAX_FLAGS}`)]);
      if (asked !== this.shown) return;
      if (fan.status === 404) this.showMessage(texts().notFound);
      else if (!fan.ok || !flags.ok) throw new Error(String(fan.status));
      else this.draw(await fan.json(), (await flags.json()).flags);
    } catch {
      if (asked === this.shown && !this.body.querySelector(".score")) this.showMessage(texts().failed);
    }
    if (asked === this.shown) this.timer = setTimeout(() => this.refresh(), REFRESH_MS);
  }

  /** @param {string} text */
  showMessage(text) {
    this.body.replaceChildren(make("p", "muted", text));
  }

  /**
   * @param {FanScore} fan
   * @param {FlagRow[]} flags the newest first
   */
  draw(fan, flags) {
    const score = make("p", "score", fan.score.toFixed(1));
    score.append(make("small", "", ` ${texts().score} / 100`));
    const sections = [facts(fan), ...scoreParts(fan.parts), ...activity(fan.counts), ...flagHistory(fan, flags)];
    this.body.replaceChildren(score, ...sections);
    this.body.lang = language();
  }
}

/** @param {FanScore} fan */
function facts(fan) {
  const words = texts();
  const { mean, n } = fan.sentiment;
  return pairs("facts", [
    [words.tier, textOf(words.tiers, fan.tier)],
    [words.lifecycle, textOf(words.lifecycles, fan.lifecycle)],
    [words.churnRisk, `${Math.round(100 * fan.churn_risk)} %`],
    [words.sentiment, n ? words.sentimentOf(mean.toFixed(2), n) : "–"],
    [words.usualGap, fan.usual_gap_s > 0 ? formatSpan(fan.usual_gap_s) : "–"],
    [words.firstSeen, fan.first_seen ? formatMoment(fan.first_seen) : "–"],
    [words.lastSeen, fan.last_seen ? formatMoment(fan.last_seen) : "–"],
  ]);
}

/**
 * @param {string} className
 * @param {[name: string, value: string][]} rows
 */
function pairs(className, rows) {
  const list = make("dl", className);
  for (const [name, value] of rows) list.append(make("dt", "", name), make("dd", "", value));
  return list;
}

/** @param {Record<string, number>} parts 0..1 each */
function scoreParts(parts) {
  const words = texts();
  /** @type {Record<string, string>} */
  const meanings = words.partMeaning;
  const list = make("ul", "bars");
  for (const [name, value] of Object.entries(parts)) {
    const item = list.appendChild(make("li"));
    const bar = make("span", "bar");
    bar.appendChild(make("i")).style.width = `${Math.max(0, Math.min(100, 100 * value))}%`;
    const label = make("span", "", textOf(words.part, name));
    item.append(label, bar, make("b", "", value.toFixed(2)), make("small", "", meanings[name] ?? ""));
  }
  return [make("h3", "", words.parts), list, make("p", "formula", words.formula)];
}

/**
 * @param {Record<string, number>} counts
 * @returns {HTMLElement[]}
 */
function activity(counts) {
  /** @type {[string, string][]} */
  const rows = Object.entries(counts).map(([name, n]) => [textOf(texts().count, name), formatWhole(n)]);
  return rows.length ? [make("h3", "", texts().counts), pairs("counts", rows)] : [];
}

/**
 * @param {FanScore} fan
 * @param {FlagRow[]} flags
 */
function flagHistory(fan, flags) {
  const words = texts();
  const list = make("ol", "flags");
  const active = new Set(fan.flags.map((flag) => flag.flag_id));
  for (const flag of flags) {
    const item = list.appendChild(make("li", flag.kind));
    const state = flag.kind === "tier" ? words.tier : textOf(words.flag, flag.state);
    item.append(make("b", "", state), make("time", "", formatMoment(flag.as_of)), make("span", "", describeFlag(flag)));
    if (active.delete(flag.flag_id)) item.append(make("em", "", words.active)); // its newest state alone
  }
  return [make("h3", "", words.flags), flags.length ? list : make("p", "muted", words.noFlags)];
}
