// One chart over time: a title with its unit, an axis with it, and a legend that tells the second under the pointer.

import { clock, make, whole, write } from "../words/format.js";
import { say } from "../words/words.js";

export const KEPT = 300; // seconds
const WHOLE = [1, 2, 5].flatMap((step) => [...Array(9).keys()].map((zeros) => step * 10 ** zeros)).sort((a, b) => a - b);

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export class Chart {
  // name: of its elements and words; parts: [word, colour]; values: of a point, a number or null for each part;
  // tell: a number in words; unit: word of the axis; top: the least that the axis reaches; fine: with fractions;
  // stacked: bands on each other.
  constructor({ name, parts, values, tell, unit, top, fine = false, stacked = false }) {
    Object.assign(this, { name, parts, values, tell, unit, top, fine, stacked });
    this.box = document.getElementById(`${name}-chart`);
    this.list = document.getElementById(`${name}-legend`);
    this.points = [];
    this.plot = this.hovered = null;
    new ResizeObserver(() => this.plot?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight })).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  begin(history) {
    this.points = history.filter(Boolean);
    this.draw();
  }

  add(point) {
    if (!point || (this.points.length && this.points[this.points.length - 1].at >= point.at)) return;
    this.points = [...this.points.slice(1 - KEPT), point];
    if (this.plot === null) return this.draw();
    this.plot.setData(this.columns());
    this.tellNow();
  }

  draw() {
    this.plot?.destroy();
    this.plot = null;
    this.items = this.parts.map(([word, hue]) => {
      const item = make("li");
      const swatch = item.appendChild(make("i", "swatch"));
      swatch.style.background = `var(--${hue})`;
      item.append(make("span", "", say()[word]), make("b"));
      return item;
    });
    this.list.replaceChildren(...this.items);
    this.tellNow();
    if (this.points.length > 1 && this.box.clientWidth > 0) this.plot = new window.uPlot(this.options(), this.columns(), this.box);
  }

  // Stacked bands lie on each other: the series drawn first is the sum of all, the last one the first part alone.
  columns() {
    const series = this.parts.map(() => []);
    for (const point of this.points) {
      let sum = 0;
      this.values(point).forEach((value, i) => series[i].push(this.stacked ? (sum += value) : value));
    }
    return [this.points.map((point) => point.at / 1000), ...series.reverse()];
  }

  options() {
    const line = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const drawn = ([, hue]) => (this.stacked ? { width: 0, fill: colour(hue) } : { width: 2, stroke: colour(hue) });
    return {
      width: this.box.clientWidth, height: this.box.clientHeight, padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, stroke: colour("muted") },
      hooks: { setCursor: [(u) => { this.hovered = u.cursor.idx ?? null; this.tellNow(); }] },
      scales: { x: { time: true, range: (u, min, max) => [Math.min(min, max - KEPT), max] }, y: { range: (u, min, max) => [0, Math.max(this.top, (max ?? 0) * 1.1)] } },
      axes: [
        { ...line, grid: { show: false }, size: 28, space: 60, incrs: [60, 120, 300], values: (u, ticks) => ticks.map((at) => clock(at * 1000)) },
        {
          ...line, size: 56, space: 32, ...(this.fine ? {} : { incrs: WHOLE }),
          label: say()[this.unit], labelSize: 18, labelGap: 0, labelFont: line.font,
          values: (u, ticks, axis, space, step) => ticks.map((n) => (step < 1 ? n.toFixed(step < 0.1 ? 2 : 1) : whole(n))),
        },
      ],
      series: [{}, ...[...this.parts].reverse().map((part) => ({ ...drawn(part), points: { show: false } }))],
    };
  }

  // The second under the pointer, or the newest; who cannot see it is told the newest.
  tellNow() {
    const newest = this.points[this.points.length - 1], shown = (this.hovered === null ? null : this.points[this.hovered]) ?? newest;
    const text = (value) => (value === null || value === undefined ? "–" : this.tell(value));
    const of = (point) => (point ? this.values(point).map(text) : this.parts.map(() => "–"));
    of(shown).forEach((value, i) => write(this.items[i].lastChild, value));
    const words = say(), values = of(newest).map((value, i) => `${words[this.parts[i][0]]} ${value}`);
    this.box.setAttribute("aria-label", words.says(words[`${this.name}Title`], values.join(", ")));
  }
}
