// Lists of a fixed number of rows: a patch changes the text in them, never the layout.

import {
  describeFlag,
  formatAgo,
  formatClock,
  formatMoment,
  get,
  isPromotion,
  make,
  setText,
  textOf,
  texts,
  visible,
} from "./words.js";

/** @import { FanRow, FlagRow, ListItems, ListName } from "./types.js" */
/** @typedef {FanRow | FlagRow} Item */
/** @typedef {{ items: Item[], now: number }} Pending what is shown next, as of epoch ms */

const ROWS = { angry: 8, leaving: 8, top: 10, gainers: 8, tier: 8, back: 8 };
const MAX_SEVERITY = 3;
export const LIST_NAMES = /** @type {ListName[]} */ (Object.keys(ROWS));

const tierOf = (/** @type {FanRow} */ fan) => textOf(texts().tiers, fan.tier);
const itemId = (/** @type {Item} */ item) => ("flag_id" in item ? `${item.flag_id}:${item.state}` : item.fan_id);

export class Lists {
  /** @param {(fan: string) => void} openFan */
  constructor(openFan) {
    this.gainersSince = 0;
    this.lists = /** @type {Record<ListName, List>} */ (
      Object.fromEntries(LIST_NAMES.map((name) => [name, new List(name, openFan, () => this.draw(name))]))
    );
  }

  /** @param {number} since epoch ms */
  setGainersSince(since) {
    this.gainersSince = since;
  }

  /**
   * Shows items as of a moment, as soon as the list is not in use.
   *
   * @param {ListName} name
   * @param {Item[]} items
   * @param {number} now epoch ms
   */
  show(name, items, now) {
    this.lists[name].pending = { items, now };
    this.draw(name);
  }

  clear() {
    for (const list of Object.values(this.lists)) {
      list.shownIds = null;
      list.pending = null;
      for (const row of list.rows) row.clear();
    }
  }

  /**
   * Draws the newest items, unless the list is in use.
   *
   * @param {ListName} name
   */
  draw(name) {
    const list = this.lists[name];
    const isPaused = list.shownIds !== null && isInUse(list.element);
    list.note.classList.toggle("paused", isPaused);
    setText(list.note, isPaused ? texts().paused : this.note(name));
    if (isPaused || list.pending === null) return;
    const { items, now } = list.pending;
    list.rows.forEach((row, i) => {
      if (i < items.length) {
        row.fill(itemId(items[i]), items[i].fan_id, name === "top" ? null : list.shownIds);
        fillRow(name, row, items[i], now, i);
      } else if (i === 0) row.clear(texts().empty[name], texts().hint[name]);
      else row.clear();
    });
    list.shownIds = new Set(list.rows.map((row) => row.id));
  }

  /** @param {ListName} name */
  note(name) {
    if (name === "top") return texts().best(ROWS.top);
    if (name !== "gainers") return texts().newest(ROWS[name]);
    return this.gainersSince ? texts().gainedSince(formatClock(this.gainersSince)) : "";
  }
}

// A list of the page: its rows, what they show and what they show next.
class List {
  /**
   * @param {ListName} name
   * @param {(fan: string) => void} openFan
   * @param {() => void} draw
   */
  constructor(name, openFan, draw) {
    this.element = get(name);
    this.note = get(`${name}-note`);
    this.rows = Array.from({ length: ROWS[name] }, () => new Row(this.element, openFan));
    /** @type {Set<string | null> | null} */
    this.shownIds = null;
    /** @type {Pending | null} */
    this.pending = null;
    // Rows must not move under a pointer or the keyboard's focus: a click would open another fan.
    this.element.addEventListener("pointerleave", draw);
    this.element.addEventListener("focusout", () => setTimeout(draw));
  }
}

/** @param {HTMLElement} element */
function isInUse(element) {
  const isHovered = matchMedia("(hover: hover)").matches && element.matches(":hover");
  return isHovered || element.querySelector(":focus-visible") !== null;
}

// One row: a button that opens the fan.
class Row {
  /**
   * @param {HTMLElement} list
   * @param {(fan: string) => void} openFan
   */
  constructor(list, openFan) {
    /** @type {string | null} */
    this.fan = null;
    /** @type {string | null} */
    this.id = null;
    this.item = list.appendChild(make("li"));
    this.button = this.item.appendChild(make("button"));
    this.button.type = "button";
    this.button.disabled = this.button.hidden = true;
    this.button.addEventListener("click", () => this.fan && openFan(this.fan));
    const part = (/** @type {string} */ className) => this.button.appendChild(make("span", className));
    this.mark = part("mark");
    this.who = part("who");
    this.side = part("side");
    this.detail = part("detail");
  }

  clear(text = "", hint = "") {
    this.fan = null;
    this.id = null;
    this.button.disabled = true;
    this.button.hidden = text === ""; // an empty button would be read out by screen readers
    this.item.className = text ? "empty" : "";
    for (const part of [this.mark, this.side]) setText(part, "");
    this.mark.removeAttribute("aria-label");
    this.mark.removeAttribute("role");
    setText(this.who, text);
    setText(this.detail, hint);
  }

  /**
   * Shows an item; one whose id is not among those shown before is highlighted once.
   *
   * @param {string} id
   * @param {string} fan
   * @param {Set<string | null> | null} shownIds
   */
  fill(id, fan, shownIds) {
    if (this.id !== id) {
      this.item.classList.remove("fresh");
      if (shownIds && !shownIds.has(id)) {
        void this.item.offsetWidth; // restarts the animation
        this.item.classList.add("fresh");
      }
    }
    this.id = id;
    this.fan = fan;
    this.button.disabled = this.button.hidden = false;
    this.item.classList.remove("empty");
    setText(this.who, visible(fan));
    this.who.title = visible(fan);
  }
}

/**
 * @param {HTMLElement} node
 * @param {string} symbol
 * @param {string} meaning
 */
function setSymbol(node, symbol, meaning) {
  setText(node, symbol);
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", meaning);
}

/** @type {(fillMark: (row: Row, flag: FlagRow) => void) => Fill<FlagRow>} */
const flagRow = (fillMark) => (row, flag, now) => {
  fillMark(row, flag);
  setText(row.side, formatAgo(flag.as_of, now));
  row.side.title = formatMoment(flag.as_of);
  setText(row.detail, describeFlag(flag));
};

/**
 * @template Shown
 * @typedef {(row: Row, item: Shown, now: number, i: number) => void} Fill writes an item into row i
 */

// What each list shows in a row.
/** @type {{ [Name in ListName]: Fill<ListItems[Name]> }} */
const FILL = {
  angry: flagRow((row, { severity }) => {
    const symbol = "●".repeat(severity) + "○".repeat(Math.max(0, MAX_SEVERITY - severity));
    setSymbol(row.mark, symbol, texts().severity(severity));
  }),
  leaving: flagRow((row, flag) => {
    setText(row.mark, textOf(texts().flag, flag.state));
    row.mark.dataset.state = flag.state;
  }),
  back: flagRow(() => {}),
  tier: flagRow((row, flag) => {
    const isUp = isPromotion(flag);
    row.mark.dataset.state = isUp ? "up" : "down";
    setSymbol(row.mark, isUp ? "▲" : "▼", isUp ? texts().up : texts().down);
  }),
  gainers(row, fan) {
    setText(row.side, `+${fan.gained.toFixed(1)}`);
    setText(row.detail, texts().scoreNow(fan.score.toFixed(1), tierOf(fan)));
  },
  top(row, fan, _now, i) {
    setText(row.mark, String(i + 1));
    setText(row.side, fan.score.toFixed(1));
    setText(row.detail, tierOf(fan));
    row.item.style.setProperty("--filled", `${Math.max(0, Math.min(100, fan.score))}%`);
  },
};

/**
 * @param {ListName} name
 * @param {Row} row
 * @param {Item} item of that list
 * @param {number} now epoch ms
 * @param {number} i
 */
function fillRow(name, row, item, now, i) {
  const fill = /** @type {Fill<Item>} */ (FILL[name]);
  fill(row, item, now, i);
}
