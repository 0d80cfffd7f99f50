// One fan: the score and what it is made of, what the fan did, and every flag of the last month.

import { make, moment, plain, span, whole, write } from "../words/format.js";
import { sentence } from "../words/sentence.js";
import { language, say } from "../words/words.js";

const AGAIN_MS = 3000; // while it is open
const dialog = document.getElementById("fan"), body = document.getElementById("fan-body");
let shown = null, timer = null;

export function open(brand, fan) {
  shown = { brand, fan };
  write(document.getElementById("fan-id"), plain(fan));
  write(document.getElementById("fan-close"), say().close);
  body.replaceChildren(make("p", "muted", "…"));
  dialog.showModal();
  refresh();
}

document.getElementById("fan-close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside the box
dialog.addEventListener("close", () => { shown = null; clearTimeout(timer); });

async function refresh() {
  const asked = shown;
  if (asked === null) return;
  try {
    const path = `/fans/${encodeURIComponent(asked.brand)}/${encodeURIComponent(asked.fan)}`;
    const [fan, flags] = await Promise.all([fetch(path), fetch(`${path}/flags?limit=20`)]);
    if (asked !== shown) return;
    if (fan.status === 404) body.replaceChildren(make("p", "muted", say().notFound));
    else if (!fan.ok || !flags.ok) throw new Error(String(fan.status));
    else draw(await fan.json(), (await flags.json()).flags);
  } catch {
    if (asked === shown && !body.querySelector(".score")) body.replaceChildren(make("p", "muted", say().failed));
  }
  if (asked === shown) timer = setTimeout(refresh, AGAIN_MS);
}

function draw(fan, flags) {
  const words = say();
  const facts = [
    [words.tier, words.tiers[fan.tier] ?? fan.tier], [words.lifecycle, words.lifecycles[fan.lifecycle] ?? fan.lifecycle],
    [words.churnRisk, `${Math.round(100 * fan.churn_risk)} %`],
    [words.mood, fan.sentiment.n ? words.moodSays(fan.sentiment.mean.toFixed(2), fan.sentiment.n) : "–"],
    [words.comes, fan.usual_gap_s > 0 ? span(fan.usual_gap_s) : "–"],
    [words.firstSeen, fan.first_seen ? moment(fan.first_seen) : "–"], [words.lastSeen, fan.last_seen ? moment(fan.last_seen) : "–"],
  ];
  const score = make("p", "score", fan.score.toFixed(1));
  score.append(make("small", "", ` ${words.score} / 100`));
  body.replaceChildren(score, pairs("facts", facts), ...parts(fan.parts), ...acts(fan.counts), ...past(fan, flags));
  body.lang = language;
}

function pairs(className, rows) {
  const list = make("dl", className);
  for (const [name, value] of rows) list.append(make("dt", "", name), make("dd", "", value));
  return list;
}

function parts(values) {
  const list = make("ul", "bars");
  for (const [name, value] of Object.entries(values)) {
    const item = list.appendChild(make("li")), bar = make("span", "bar");
    bar.append(make("i"));
    bar.firstChild.style.width = `${Math.max(0, Math.min(100, 100 * value))}%`;
    item.append(make("span", "", say().part[name] ?? name), bar, make("b", "", value.toFixed(2)), make("small", "", say().about[name] ?? ""));
  }
  return [make("h3", "", say().parts), list, make("p", "formula", say().formula)];
}

function acts(counts) {
  const rows = Object.entries(counts).map(([name, n]) => [say().count[name] ?? name, whole(n)]);
  return rows.length ? [make("h3", "", say().counts), pairs("counts", rows)] : [];
}

function past(fan, flags) {
  const list = make("ol", "flags"), standing = new Set(fan.flags.map((flag) => flag.flag_id));
  for (const flag of flags) {
    const item = list.appendChild(make("li", flag.kind));
    const state = flag.kind === "tier" ? say().tier : say().flag[flag.state] ?? flag.state;
    item.append(make("b", "", state), make("time", "", moment(flag.as_of)), make("span", "", sentence(flag)));
    if (standing.has(flag.flag_id) && ["raised", "at_risk", "churned"].includes(flag.state)) item.append(make("em", "", say().standing));
  }
  return [make("h3", "", say().history), flags.length ? list : make("p", "muted", say().noHistory)];
}
