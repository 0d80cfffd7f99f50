// One row: a button that opens the fan.

import { make, plain, write } from "../words/format.js";

export class Row {
  constructor(list, open) {
    this.item = list.appendChild(make("li"));
    this.button = this.item.appendChild(make("button"));
    this.button.type = "button";
    this.button.disabled = this.button.hidden = true;
    [this.mark, this.who, this.side, this.detail] = ["mark", "who", "side", "detail"].map((name) =>
      this.button.appendChild(make("span", name)));
    this.button.addEventListener("click", () => this.fan && open(this.fan));
    this.fan = null;
    this.id = null;
  }

  clear(text = "", hint = "") {
    this.fan = this.id = null;
    this.button.disabled = true;
    this.button.hidden = text === ""; // a button without words is none
    this.item.className = text ? "empty" : "";
    for (const part of [this.mark, this.side]) write(part, "");
    this.mark.removeAttribute("aria-label");
    this.mark.removeAttribute("role");
    write(this.who, text);
    write(this.detail, hint);
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
    this.button.disabled = this.button.hidden = false;
    this.item.classList.remove("empty");
    write(this.who, plain(fan));
    this.who.title = plain(fan);
  }
}
