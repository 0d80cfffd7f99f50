// Lists of a fixed number of rows: news change the text in them, never the layout.

import { isRise, sentence } from "./flags.js";
import { ago, make, write } from "./format.js";
import { say } from "./words.js";

const ROWS = { angry: 8, leaving: 8, back: 8, tier: 8, top: 20 };
const lists = {};

class Row {
  constructor(list, open) {
    this.item = list.appendChild(make("li"));
    this.button = this.item.appendChild(make("button"));
    this.button.type = "button";
    this.button.disabled = true;
    [this.mark, this.who, this.side, this.detail] = ["mark", "who", "side", "detail"].map((name) =>
      this.button.appendChild(make("span", name)));
    this.button.addEventListener("click", () => this.fan && open(this.fan));
    this.fan = null;
    this.id = null;
  }

  clear(text = "") {
    this.fan = this.id = null;
    this.button.disabled = true;
    this.item.className = text ? "empty" : "";
    for (const part of [this.mark, this.side, this.detail]) write(part, "");
    this.mark.removeAttribute("aria-label");
    write(this.who, text);
  }

  // A row that was somewhere else a second ago is no news; one with a new id glows once.
  fill(id, fan, known) {
    if (this.id !== id) {
      this.item.classList.remove("fresh");
      if (known && !known.has(id)) {
        void this.item.offsetWidth; // restarts the animation
        this.item.classList.add("fresh");
      }
    }
    this.id = id;
    this.fan = fan;
    this.button.disabled = false;
    this.item.classList.remove("empty");
    write(this.who, fan);
    this.who.title = fan;
  }
}

const FILL = {
  angry(row, flag) {
    write(row.mark, "●".repeat(flag.severity) + "○".repeat(Math.max(0, 3 - flag.severity)));
    row.mark.setAttribute("aria-label", say().severity(flag.severity));
    row.mark.setAttribute("role", "img");
    write(row.detail, sentence(flag));
  },
  leaving(row, flag) {
    write(row.mark, say().flag[flag.state] ?? flag.state);
    row.mark.dataset.state = flag.state;
    write(row.detail, sentence(flag));
  },
  back(row, flag) {
    write(row.detail, sentence(flag));
  },
  tier(row, flag) {
    write(row.mark, isRise(flag) ? "▲" : "▼");
    row.mark.dataset.state = isRise(flag) ? "up" : "down";
    row.mark.setAttribute("aria-label", isRise(flag) ? say().up : say().down);
    row.mark.setAttribute("role", "img");
    write(row.detail, sentence(flag));
  },
};

export function prepare(open) {
  for (const [name, n] of Object.entries(ROWS)) {
    const list = document.getElementById(name);
    lists[name] = { list, note: document.getElementById(`${name}-note`), rows: [], known: null, waiting: null };
    for (let i = 0; i < n; i++) lists[name].rows.push(new Row(list, open));
    // Rows must not move under a pointer or a keyboard's focus: a click would open somebody else.
    list.addEventListener("pointerleave", () => settle(name));
    list.addEventListener("focusout", () => setTimeout(() => settle(name)));
  }
}

const isHeld = ({ list }) =>
  (matchMedia("(hover: hover)").matches && list.matches(":hover")) || list.querySelector(":focus-visible") !== null;

export function show(name, items, now) {
  lists[name].waiting = { items, now };
  settle(name);
}

export function forget() {
  for (const name of Object.keys(lists)) Object.assign(lists[name], { known: null, waiting: null });
  for (const { rows } of Object.values(lists)) rows.forEach((row) => row.clear());
}

// Draw what came last, unless somebody points at the list.
export function settle(name) {
  const list = lists[name];
  const held = isHeld(list) && list.known !== null;
  list.note.classList.toggle("held", held);
  write(list.note, held ? say().held : name === "top" ? say().best(ROWS[name]) : say().newest(ROWS[name]));
  if (held || list.waiting === null) return;
  const { items, now } = list.waiting;
  list.rows.forEach((row, i) => {
    if (i >= items.length) return row.clear(i === 0 ? say().nothing : "");
    if (name === "top") return fillTop(row, items[i], i);
    row.fill(`${items[i].flag_id}:${items[i].state}`, items[i].fan_id, list.known);
    write(row.side, ago(items[i].as_of, now));
    FILL[name](row, items[i]);
  });
  list.known = new Set(list.rows.map((row) => row.id));
}

function fillTop(row, fan, i) {
  row.fill(fan.fan_id, fan.fan_id, null);
  write(row.mark, String(i + 1));
  write(row.side, fan.score.toFixed(1));
  write(row.detail, say().tiers[fan.tier] ?? fan.tier);
  row.item.dataset.tier = fan.tier;
  row.item.style.setProperty("--filled", `${Math.max(0, Math.min(100, fan.score))}%`);
}
