// The page: applies the patches of the server's page model, once a second, to tiles, charts and lists.

import { Charts } from "./charts.js";
import { FanDialog } from "./fan.js";
import { Lists } from "./lists.js";
import { UpdateStream } from "./stream.js";
import {
  formatCount,
  formatSeconds,
  formatWhole,
  get,
  language,
  setLanguage,
  setText,
  textOf,
  texts,
  translate,
  visible,
} from "./words.js";

/** @import { BrandRow, FanRow, FlagRow, PageModel } from "./types.js" */

const CHECK_MS = 1000;
/** @type {("fans" | "at_risk" | "angry")[]} */
const BRAND_TILES = ["fans", "at_risk", "angry"];

class Page {
  constructor() {
    this.brand = new URLSearchParams(location.search).get("brand") ?? "";
    /** @type {PageModel} */
    this.model = {}; // the newest of every part: a patch holds only what changed
    this.charts = new Charts();
    this.fan = new FanDialog();
    this.lists = new Lists((fan) => this.fan.open(this.brand, fan));
    this.stream = new UpdateStream({ onPatch: (patch) => this.apply(patch), onState: () => this.showState() });
  }

  start() {
    const select = get("brand", HTMLSelectElement);
    select.addEventListener("change", () => this.choose(select.value));
    get("language").addEventListener("click", () => {
      setLanguage(language() === "en" ? "zh" : "en");
      this.showTexts();
    });
    setInterval(() => {
      this.stream.check();
      this.showState();
    }, CHECK_MS);
    this.showTexts();
    document.documentElement.classList.remove("starting");
    this.stream.open(this.brand);
  }

  /** @param {PageModel} patch */
  apply(patch) {
    Object.assign(this.model, patch);
    const { brands, declared, gainers_since: since, history, now } = patch;
    if (declared) {
      this.charts.declare(declared.topics);
      this.lists.declare(declared.categories);
    }
    if (history) this.charts.load(history);
    if (brands) this.showBrands(brands);
    if (now) this.charts.add(now);
    if (since) this.lists.setGainersSince(since);
    for (const name of this.lists.names) {
      const items = this.parts()[name];
      if (items) this.lists.show(name, items, this.model.now?.at ?? Date.now());
    }
    this.showTiles();
    this.showState();
  }

  // The lists by their names: also those of categories that this file does not know.
  parts() {
    return /** @type {Record<string, (FanRow | FlagRow)[] | undefined>} */ (/** @type {unknown} */ (this.model));
  }

  /** @param {string} brand */
  choose(brand) {
    this.brand = brand;
    get("brand", HTMLSelectElement).value = brand;
    history.replaceState(null, "", `?brand=${encodeURIComponent(brand)}`);
    for (const name of this.lists.names) delete this.parts()[name];
    this.lists.clear();
    this.stream.open(brand);
  }

  /** @param {BrandRow[]} brands */
  showBrands(brands) {
    const ids = brands.map((row) => row.brand_id).sort();
    if (this.brand && !ids.includes(this.brand)) ids.unshift(this.brand);
    const select = get("brand", HTMLSelectElement);
    if (ids.join("\n") !== [...select.options].map((option) => option.value).join("\n")) {
      select.replaceChildren(...ids.map((id) => new Option(visible(id), id, false, id === this.brand)));
      select.disabled = ids.length === 0;
    }
    if (!this.brand && ids.length) this.choose(brands[0].brand_id);
  }

  showTiles() {
    const { brands, now, status } = this.model;
    const row = brands?.find((one) => one.brand_id === this.brand);
    /** @type {(name: string, value: number | null | undefined, format?: (value: number) => string) => void} */
    const put = (name, value, format = formatCount) => {
      setText(get(`tile-${name}`), value == null ? "–" : format(value));
    };
    put("rate", now && Object.values(now.rates).reduce((sum, rate) => sum + rate, 0), formatWhole);
    put("lag", now?.lag);
    put("wait", now?.p95, (seconds) => `${formatSeconds(seconds)} s`);
    for (const name of BRAND_TILES) put(name, row?.[name]);
    for (const node of document.querySelectorAll(".of-brand")) setText(node, visible(this.brand));
    setText(get("workers"), status?.workers == null ? "" : texts().workers(status.workers));
    get("workers").classList.toggle("bad", status?.workers === 0);
  }

  showState() {
    const { text, level } = this.describeState();
    setText(get("state-text"), text);
    get("state").className = level;
  }

  describeState() {
    const words = texts();
    const { brands, status } = this.model;
    const { state } = this.stream;
    if (this.stream.isStale()) return { text: words.stale, level: "warn" };
    if (state !== "live") return { text: words[state], level: "warn" };
    if (status?.problem) return { text: textOf(words.problems, status.problem), level: "bad" };
    if (status && !status.caught_up) return { text: words.catchingUp(formatWhole(status.lag)), level: "warn" };
    return { text: brands?.length === 0 ? words.waitingForFans : words.live, level: "good" };
  }

  showTexts() {
    translate();
    setText(get("language"), texts().other);
    get("language").lang = texts().otherLang;
    this.charts.draw();
    for (const name of this.lists.names) this.lists.draw(name);
    if (this.model.now) this.showTiles();
    this.showState();
  }
}

new Page().start();
