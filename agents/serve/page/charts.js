// The three charts: events that arrive, how long they wait for their score, and how many wait.
// A point is { at, rates, lag, p50, p95 }: epoch ms, topic -> events/s, events, seconds; null where unknown.

import { formatClock, formatSeconds, formatWhole, make, setText, texts } from "./words.js";

const HISTORY_S = 300;
const TOPICS = ["likes", "reposts", "comments", "purchases"];
const FONT = "12px system-ui, sans-serif";
// Axis steps of 1, 2 and 5 times a power of ten.
const WHOLE_STEPS = [...Array(9).keys()].flatMap((zeros) => [1, 2, 5].map((step) => step * 10 ** zeros));

// name: of its elements and texts; series: a text and a colour each; values: of a point, one for each series;
// format: a value as text; unit: text of the axis; minTop: the least that the axis reaches;
// fractional: axis steps below 1; stacked: series drawn as bands on each other.
const CHARTS = [
  {
    name: "traffic",
    unit: "unitRate",
    minTop: 10,
    stacked: true,
    format: formatWhole,
    series: TOPICS.map((topic) => ({ text: topic, colour: topic })),
    values: (point) => TOPICS.map((topic) => point.rates[topic]),
  },
  {
    name: "wait",
    unit: "unitWait",
    minTop: 0.5,
    fractional: true,
    format: formatSeconds,
    series: [{ text: "median", colour: "likes" }, { text: "p95", colour: "comments" }],
    values: (point) => [point.p50, point.p95],
  },
  {
    name: "lag",
    unit: "unitLag",
    minTop: 10,
    format: formatWhole,
    series: [{ text: "waitingNow", colour: "purchases" }],
    values: (point) => [point.lag],
  },
];

const cssColour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export class Charts {
  constructor() {
    this.charts = CHARTS.map((options) => new Chart(options));
  }

  load(history) {
    this.charts.forEach((chart) => chart.load(history));
  }

  add(point) {
    this.charts.forEach((chart) => chart.add(point));
  }

  draw() {
    this.charts.forEach((chart) => chart.draw());
  }
}

class Chart {
  constructor({ name, series, values, format, unit, minTop, fractional = false, stacked = false }) {
    Object.assign(this, { name, series, values, format, unit, minTop, fractional, stacked });
    this.box = document.getElementById(`${name}-chart`);
    this.legend = document.getElementById(`${name}-legend`);
    this.points = [];
    this.plot = this.hovered = null;
    const resize = () => this.plot?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
    new ResizeObserver(resize).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  load(history) {
    this.points = history;
    this.draw();
  }

  add(point) {
    if (this.points.length && this.points.at(-1).at >= point.at) return;
    this.points = [...this.points.slice(1 - HISTORY_S), point];
    if (this.plot === null) return this.draw();
    this.plot.setData(this.columns());
    this.showValues();
  }

  draw() {
    const words = texts();
    this.plot?.destroy();
    this.plot = null;
    this.items = this.series.map(({ text, colour }) => {
      const item = make("li"), swatch = item.appendChild(make("i", "swatch"));
      swatch.style.background = `var(--${colour})`;
      item.append(make("span", "", words[text]), make("b"));
      return item;
    });
    this.legend.replaceChildren(...this.items);
    this.showValues();
    const title = words[`${this.name}Title`];
    document.getElementById(`${this.name}-ask`).setAttribute("aria-label", words.why(title));
    if (this.points.length < 2 || this.box.clientWidth === 0) return;
    this.plot = new window.uPlot(this.options(), this.columns(), this.box);
  }

  // Bands cover each other: the series drawn first is the sum of all, the last one the first series alone.
  columns() {
    const columns = this.series.map(() => []);
    for (const point of this.points) {
      let sum = 0;
      this.values(point).forEach((value, i) => columns[i].push(this.stacked ? (sum += value) : value));
    }
    return [this.points.map((point) => point.at / 1000), ...columns.reverse()];
  }

  options() {
    const hover = (plot) => {
      this.hovered = plot.cursor.idx ?? null;
      this.showValues();
    };
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, stroke: cssColour("muted") },
      hooks: { setCursor: [hover] },
      scales: {
        x: { time: true, range: (plot, min, max) => [Math.min(min, max - HISTORY_S), max] },
        y: { range: (plot, min, max) => [0, Math.max(this.minTop, (max ?? 0) * 1.1)] },
      },
      axes: this.axes(),
      series: [{}, ...[...this.series].reverse().map(({ colour }) => this.drawnAs(cssColour(colour)))],
    };
  }

  axes() {
    const grid = { stroke: cssColour("line"), width: 1 };
    const line = { stroke: cssColour("muted"), grid, ticks: { show: false }, font: FONT };
    const clocks = (plot, ticks) => ticks.map((seconds) => formatClock(seconds * 1000));
    const digits = (step) => (step < 0.1 ? 2 : 1);
    const numbers = (plot, ticks, axis, space, step) =>
      ticks.map((tick) => (step < 1 ? tick.toFixed(digits(step)) : formatWhole(tick)));
    const label = { label: texts()[this.unit], labelSize: 18, labelGap: 0, labelFont: FONT };
    const steps = this.fractional ? {} : { incrs: WHOLE_STEPS };
    return [
      { ...line, grid: { show: false }, size: 28, space: 60, incrs: [60, 120, 300], values: clocks },
      { ...line, ...label, ...steps, size: 56, space: 32, values: numbers },
    ];
  }

  drawnAs(colour) {
    const shape = this.stacked ? { width: 0, fill: colour } : { width: 2, stroke: colour };
    return { ...shape, points: { show: false } };
  }

  // The legend shows the second under the pointer, or the newest; screen readers get the newest.
  showValues() {
    const newest = this.points.at(-1);
    const shown = (this.hovered === null ? null : this.points[this.hovered]) ?? newest;
    const text = (value) => (value == null ? "–" : this.format(value));
    const valuesOf = (point) => (point ? this.values(point).map(text) : this.series.map(() => "–"));
    valuesOf(shown).forEach((value, i) => setText(this.items[i].lastChild, value));
    const words = texts();
    const values = valuesOf(newest).map((value, i) => `${words[this.series[i].text]} ${value}`);
    this.box.setAttribute("aria-label", words.chartLabel(words[`${this.name}Title`], values.join(", ")));
  }
}
