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

/** @type {ListName[]} */
const IN_INDEX = ["angry", "leaving", "top", "gainers", "tier", "back"];
const LIST_ROWS = 8;
const TOP_ROWS = 10;
const MAX_SEVERITY = 3;

const rowsOf = (/** @type {string} */ name) => (name === "top" ? TOP_ROWS : LIST_ROWS);

const tierOf = (/** @type {FanRow} */ fan) => textOf(texts().tiers, fan.tier);
const itemId = (/** @type {Item} */ item) => ("flag_id" in item ? `${item.flag_id}:${item.state}` : item.fan_id);

export class Lists {
  /** @param {(fan: string) => void} openFan */
  constructor(openFan) {
    this.gainersSince = 0;
    this.openFan = openFan;
    /** @type {Map<string, List>} */
    this.lists = new Map();
    for (const name of IN_INDEX) this.add(name);
  }

  get names() {
    return [...this.lists.keys()];
  }

  /**
   * Makes a list for every category of flags that index.html has none for.
   *
   * @param {string[]} categories
   */
  declare(categories) {
    for (const name of categories) {
      if (this.lists.has(name)) continue;
      const title = addPanel(name);
      this.add(name, title);
      this.draw(name);
    }
  }

  /**
   * @param {string} name
   * @param {HTMLElement | null} title of a list that index.html does not have
   */
  add(name, title = null) {
    this.lists.set(name, new List(name, title, this.openFan, () => this.draw(name)));
  }

  /** @param {number} since epoch ms */
  setGainersSince(since) {
    this.gainersSince = since;
  }

  /**
   * Shows items as of a moment, as soon as the list is not in use.
   *
   * @param {string} name
   * @param {Item[]} items
   * @param {number} now epoch ms
   */
  show(name, items, now) {
    const list = this.lists.get(name);
    if (list) list.pending = { items, now };
    this.draw(name);
  }

  clear() {
    for (const list of this.lists.values()) {
      list.shownIds = null;
      list.pending = null;
      for (const row of list.rows) row.clear();
    }
  }

  /**
   * Draws the newest items, unless the list is in use.
   *
   * @param {string} name
   */
  draw(name) {
    const list = this.lists.get(name);
    if (!list) return;
    if (list.title) setText(list.title, textOf(texts().listTitles, name));
    const isPaused = list.shownIds !== null && isInUse(list.element);
    list.note.classList.toggle("paused", isPaused);
    setText(list.note, isPaused ? texts().paused : this.note(name));
    if (isPaused || list.pending === null) return;
    const { items, now } = list.pending;
    list.rows.forEach((row, i) => {
      if (i < items.length) {
        row.fill(itemId(items[i]), items[i].fan_id, name === "top" ? null : list.shownIds);
        fillRow(name, row, items[i], now, i);
      } else if (i === 0) row.clear(texts().empty[name] ?? texts().emptyList, texts().hint[name]);
      else row.clear();
    });
    list.shownIds = new Set(list.rows.map((row) => row.id));
  }

  /** @param {string} name */
  note(name) {
    if (name === "top") return texts().best(TOP_ROWS);
    if (name !== "gainers") return texts().newest(LIST_ROWS);
    return this.gainersSince ? texts().gainedSince(formatClock(this.gainersSince)) : "";
  }
}

// A list of the page: its rows, what they show and what they show next.
class List {
  /**
   * @param {string} name
   * @param {HTMLElement | null} title of a list that index.html does not have
   * @param {(fan: string) => void} openFan
   * @param {() => void} draw
   */
  constructor(name, title, openFan, draw) {
    this.title = title;
    this.element = get(name);
    this.note = get(`${name}-note`);
    this.rows = Array.from({ length: rowsOf(name) }, () => new Row(this.element, openFan));
    /** @type {Set<string | null> | null} */
    this.shownIds = null;
    /** @type {Pending | null} */
    this.pending = null;
    // Rows must not move under a pointer or the keyboard's focus: a click would open another fan.
    this.element.addEventListener("pointerleave", draw);
    this.element.addEventListener("focusout", () => setTimeout(draw));
  }
}

/**
 * Adds the panel of a list behind those of index.html, built as these are; returns its title.
 *
 * @param {string} name
 */
function addPanel(name) {
  const panel = make("section", "panel list");
  const head = panel.appendChild(make("div", "head"));
  const title = head.appendChild(make("h2"));
  const note = head.appendChild(make("span", "note"));
  title.id = `${name}-title`;
  note.id = `${name}-note`;
  panel.appendChild(make("ol")).id = name;
  panel.setAttribute("aria-labelledby", title.id);
  document.querySelector(".lists")?.append(panel);
  return title;
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

const fillState = flagRow((row, flag) => {
  setText(row.mark, textOf(texts().flag, flag.state));
  row.mark.dataset.state = flag.state;
});

// What each list of index.html shows in a row; the others show a flag's state.
/** @type {{ [Name in ListName]: Fill<ListItems[Name]> }} */
const FILL = {
  angry: flagRow((row, { severity }) => {
    const symbol = "●".repeat(severity) + "○".repeat(Math.max(0, MAX_SEVERITY - severity));
    setSymbol(row.mark, symbol, texts().severity(severity));
  }),
  leaving: fillState,
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
 * @param {string} name
 * @param {Row} row
 * @param {Item} item of that list
 * @param {number} now epoch ms
 * @param {number} i
 */
function fillRow(name, row, item, now, i) {
  const fill = /** @type {Fill<Item>} */ (FILL[/** @type {ListName} */ (name)] ?? fillState);
  fill(row, item, now, i);
}
