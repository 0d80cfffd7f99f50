// Lists of a fixed number of rows: news change the text in them, never the layout.

import { clock, write } from "../words/format.js";
import { say } from "../words/words.js";
import { FILL, key } from "./fill.js";
import { Row } from "./row.js";

const ROWS = { angry: 8, leaving: 8, top: 10, gainers: 8, tier: 8, back: 8 };
export const NAMES = Object.keys(ROWS);
const lists = {};
let since = 0;

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

// The moment from which on the risers' points are counted.
export function countSince(moment) {
  since = moment;
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
  const words = say(), note = { top: () => words.best(ROWS.top), gainers: () => (since ? words.gainedSince(clock(since)) : "") };
  write(list.note, held ? words.held : note[name]?.() ?? words.newest(ROWS[name]));
  if (held || list.waiting === null) return;
  const { items, now } = list.waiting;
  list.rows.forEach((row, i) => {
    if (i >= items.length) return i === 0 ? row.clear(words.nothing[name], words.hint[name]) : row.clear();
    row.fill(key(items[i]), items[i].fan_id, name === "top" ? null : list.known);
    FILL[name](row, items[i], now, i);
  });
  list.known = new Set(list.rows.map((row) => row.id));
}
