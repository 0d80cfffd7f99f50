// Lists of a fixed number of rows: a patch changes the text in them, never the layout.

import { describeFlag, formatAgo, formatClock, formatMoment, isPromotion } from "./words.js";
import { make, setText, texts, visible } from "./words.js";

const ROWS = { angry: 8, leaving: 8, top: 10, gainers: 8, tier: 8, back: 8 };
const MAX_SEVERITY = 3;
export const LIST_NAMES = Object.keys(ROWS);

const tierOf = (fan) => texts().tiers[fan.tier] ?? fan.tier;
const itemId = (item) => (item.flag_id ? `${item.flag_id}:${item.state}` : item.fan_id);

export class Lists {
  /** @param {(fan: string) => void} openFan */
  constructor(openFan) {
    this.gainersSince = 0;
    this.lists = Object.fromEntries(LIST_NAMES.map((name) => [name, this.create(name, openFan)]));
  }

  create(name, openFan) {
    const element = document.getElementById(name);
    // Rows must not move under a pointer or the keyboard's focus: a click would open another fan.
    element.addEventListener("pointerleave", () => this.draw(name));
    element.addEventListener("focusout", () => setTimeout(() => this.draw(name)));
    const rows = Array.from({ length: ROWS[name] }, () => new Row(element, openFan));
    return { element, rows, note: document.getElementById(`${name}-note`), shownIds: null, pending: null };
  }

  setGainersSince(since) {
    this.gainersSince = since;
  }

  // Shows items as of a moment, epoch ms.
  show(name, items, now) {
    this.lists[name].pending = { items, now };
    this.draw(name);
  }

  clear() {
    for (const list of Object.values(this.lists)) {
      list.shownIds = list.pending = null;
      list.rows.forEach((row) => row.clear());
    }
  }

  // Draws the newest items, unless the list is in use.
  draw(name) {
    const list = this.lists[name], isPaused = list.shownIds !== null && isInUse(list.element);
    list.note.classList.toggle("paused", isPaused);
    setText(list.note, isPaused ? texts().paused : this.note(name));
    if (isPaused || list.pending === null) return;
    const { items, now } = list.pending;
    list.rows.forEach((row, i) => {
      if (i < items.length) {
        row.fill(itemId(items[i]), items[i].fan_id, name === "top" ? null : list.shownIds);
        FILL[name](row, items[i], now, i);
      } else if (i === 0) row.clear(texts().empty[name], texts().hint[name]);
      else row.clear();
    });
    list.shownIds = new Set(list.rows.map((row) => row.id));
  }

  note(name) {
    if (name === "top") return texts().best(ROWS.top);
    if (name !== "gainers") return texts().newest(ROWS[name]);
    return this.gainersSince ? texts().gainedSince(formatClock(this.gainersSince)) : "";
  }
}

function isInUse(element) {
  const isHovered = matchMedia("(hover: hover)").matches && element.matches(":hover");
  return isHovered || element.querySelector(":focus-visible") !== null;
}

// One row: a button that opens the fan.
class Row {
  constructor(list, openFan) {
    this.fan = this.id = null;
    this.item = list.appendChild(make("li"));
    this.button = this.item.appendChild(make("button"));
    this.button.type = "button";
    this.button.disabled = this.button.hidden = true;
    this.button.addEventListener("click", () => this.fan && openFan(this.fan));
    const part = (className) => this.button.appendChild(make("span", className));
    [this.mark, this.who, this.side, this.detail] = ["mark", "who", "side", "detail"].map(part);
  }

  clear(text = "", hint = "") {
    this.fan = this.id = null;
    this.button.disabled = true;
    this.button.hidden = text === ""; // an empty button would be read out by screen readers
    this.item.className = text ? "empty" : "";
    for (const part of [this.mark, this.side]) setText(part, "");
    this.mark.removeAttribute("aria-label");
    this.mark.removeAttribute("role");
    setText(this.who, text);
    setText(this.detail, hint);
  }

  // Shows an item; one whose id is not among those shown before is highlighted once.
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

function setSymbol(node, symbol, meaning) {
  setText(node, symbol);
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", meaning);
}

const flagRow = (fillMark) => (row, flag, now) => {
  fillMark(row, flag);
  setText(row.side, formatAgo(flag.as_of, now));
  row.side.title = formatMoment(flag.as_of);
  setText(row.detail, describeFlag(flag));
};

// What each list shows in a row.
const FILL = {
  angry: flagRow((row, { severity }) => {
    const symbol = "●".repeat(severity) + "○".repeat(Math.max(0, MAX_SEVERITY - severity));
    setSymbol(row.mark, symbol, texts().severity(severity));
  }),
  leaving: flagRow((row, flag) => {
    setText(row.mark, texts().flag[flag.state] ?? flag.state);
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
  top(row, fan, now, i) {
    setText(row.mark, String(i + 1));
    setText(row.side, fan.score.toFixed(1));
    setText(row.detail, tierOf(fan));
    row.item.style.setProperty("--filled", `${Math.max(0, Math.min(100, fan.score))}%`);
  },
};
