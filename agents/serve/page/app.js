// The page: applies the patches of the server's page model, once a second, to tiles, charts and lists.

import { Charts } from "./charts.js";
import { FanDialog } from "./fan.js";
import { LIST_NAMES, Lists } from "./lists.js";
import { UpdateStream } from "./stream.js";
import { formatCount, formatSeconds, formatWhole, language, setLanguage } from "./words.js";
import { setText, texts, translate, visible } from "./words.js";

const CHECK_MS = 1000;
const BRAND_TILES = ["fans", "at_risk", "angry"];

const get = (id) => document.getElementById(id);

class Page {
  constructor() {
    this.brand = new URLSearchParams(location.search).get("brand") ?? "";
    this.model = {}; // the newest of every part: a patch holds only what changed
    this.charts = new Charts();
    this.fan = new FanDialog();
    this.lists = new Lists((fan) => this.fan.open(this.brand, fan));
    this.stream = new UpdateStream({ onPatch: (patch) => this.apply(patch), onState: () => this.showState() });
  }

  start() {
    get("brand").addEventListener("change", (event) => this.choose(event.target.value));
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

  apply(patch) {
    Object.assign(this.model, patch);
    const { brands, gainers_since: since, history, now } = patch;
    if (history) this.charts.load(history);
    if (brands) this.showBrands(brands);
    if (now) this.charts.add(now);
    if (since) this.lists.setGainersSince(since);
    for (const name of LIST_NAMES) {
      if (this.model[name]) this.lists.show(name, this.model[name], this.model.now?.at ?? Date.now());
    }
    this.showTiles();
    this.showState();
  }

  choose(brand) {
    this.brand = get("brand").value = brand;
    history.replaceState(null, "", `?brand=${encodeURIComponent(brand)}`);
    for (const name of LIST_NAMES) delete this.model[name];
    this.lists.clear();
    this.stream.open(brand);
  }

  showBrands(brands) {
    const ids = brands.map((row) => row.brand_id).sort();
    if (this.brand && !ids.includes(this.brand)) ids.unshift(this.brand);
    const select = get("brand");
    if (ids.join("\n") !== [...select.options].map((option) => option.value).join("\n")) {
      select.replaceChildren(...ids.map((id) => new Option(visible(id), id, false, id === this.brand)));
      select.disabled = ids.length === 0;
    }
    if (!this.brand && ids.length) this.choose(brands[0].brand_id);
  }

  showTiles() {
    const { brands, now, status } = this.model;
    const row = brands?.find((one) => one.brand_id === this.brand);
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
    const words = texts(), { brands, status } = this.model, { state } = this.stream;
    if (this.stream.isStale()) return { text: words.stale, level: "warn" };
    if (state !== "live") return { text: words[state], level: "warn" };
    if (status?.problem) return { text: words.problems[status.problem] ?? status.problem, level: "bad" };
    if (status && !status.caught_up) return { text: words.catchingUp(formatWhole(status.lag)), level: "warn" };
    return { text: brands?.length === 0 ? words.waitingForFans : words.live, level: "good" };
  }

  showTexts() {
    translate();
    setText(get("language"), texts().other);
    get("language").lang = texts().otherLang;
    this.charts.draw();
    LIST_NAMES.forEach((name) => this.lists.draw(name));
    if (this.model.now) this.showTiles();
    this.showState();
  }
}

new Page().start();
