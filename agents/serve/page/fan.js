// One fan: the score and its parts, what the fan did, and their flags of the last month.

import { describeFlag, formatMoment, formatSpan, formatWhole, language } from "./words.js";
import { make, setText, texts, visible } from "./words.js";

const REFRESH_MS = 3000; // while it is open
const MAX_FLAGS = 20;
const ACTIVE_STATES = ["raised", "at_risk", "churned"]; // of a flag that can still be active

export class FanDialog {
  constructor() {
    this.dialog = document.getElementById("fan");
    this.body = document.getElementById("fan-body");
    this.closeButton = document.getElementById("fan-close");
    this.shown = null; // { brand, fan }
    this.timer = null;
    this.closeButton.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close()); // backdrop
    this.dialog.addEventListener("close", () => {
      this.shown = null;
      clearTimeout(this.timer);
    });
  }

  open(brand, fan) {
    this.shown = { brand, fan };
    setText(document.getElementById("fan-id"), visible(fan));
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

  showMessage(text) {
    this.body.replaceChildren(make("p", "muted", text));
  }

  draw(fan, flags) {
    const score = make("p", "score", fan.score.toFixed(1));
    score.append(make("small", "", ` ${texts().score} / 100`));
    const sections = [facts(fan), ...scoreParts(fan.parts), ...activity(fan.counts), ...flagHistory(fan, flags)];
    this.body.replaceChildren(score, ...sections);
    this.body.lang = language();
  }
}

function facts(fan) {
  const words = texts(), { mean, n } = fan.sentiment;
  return pairs("facts", [
    [words.tier, words.tiers[fan.tier] ?? fan.tier],
    [words.lifecycle, words.lifecycles[fan.lifecycle] ?? fan.lifecycle],
    [words.churnRisk, `${Math.round(100 * fan.churn_risk)} %`],
    [words.sentiment, n ? words.sentimentOf(mean.toFixed(2), n) : "–"],
    [words.usualGap, fan.usual_gap_s > 0 ? formatSpan(fan.usual_gap_s) : "–"],
    [words.firstSeen, fan.first_seen ? formatMoment(fan.first_seen) : "–"],
    [words.lastSeen, fan.last_seen ? formatMoment(fan.last_seen) : "–"],
  ]);
}

function pairs(className, rows) {
  const list = make("dl", className);
  for (const [name, value] of rows) list.append(make("dt", "", name), make("dd", "", value));
  return list;
}

function scoreParts(parts) {
  const words = texts(), list = make("ul", "bars");
  for (const [name, value] of Object.entries(parts)) {
    const item = list.appendChild(make("li")), bar = make("span", "bar");
    bar.append(make("i"));
    bar.firstChild.style.width = `${Math.max(0, Math.min(100, 100 * value))}%`;
    const label = make("span", "", words.part[name] ?? name);
    item.append(label, bar, make("b", "", value.toFixed(2)), make("small", "", words.partMeaning[name] ?? ""));
  }
  return [make("h3", "", words.parts), list, make("p", "formula", words.formula)];
}

function activity(counts) {
  const rows = Object.entries(counts).map(([name, n]) => [texts().count[name] ?? name, formatWhole(n)]);
  return rows.length ? [make("h3", "", texts().counts), pairs("counts", rows)] : [];
}

function flagHistory(fan, flags) {
  const words = texts(), list = make("ol", "flags"), active = new Set(fan.flags.map((flag) => flag.flag_id));
  for (const flag of flags) {
    const item = list.appendChild(make("li", flag.kind));
    const state = flag.kind === "tier" ? words.tier : words.flag[flag.state] ?? flag.state;
    item.append(make("b", "", state), make("time", "", formatMoment(flag.as_of)), make("span", "", describeFlag(flag)));
    if (active.has(flag.flag_id) && ACTIVE_STATES.includes(flag.state)) item.append(make("em", "", words.active));
  }
  return [make("h3", "", words.flags), flags.length ? list : make("p", "muted", words.noFlags)];
}
