// The three charts: events that arrive, how long they wait for their score, and how many wait.
// A point is { at, rates, lag, p50, p95 }: epoch ms, topic -> events/s, events, seconds; null where unknown.

import { formatClock, formatSeconds, formatWhole, get, make, setText, textOf, texts } from "./words.js";

/** @import { PlainText, TrafficPoint } from "./types.js" */
/** @import { default as uPlot, AlignedData } from "uplot" */

const HISTORY_S = 300;
const FONT = "12px system-ui, sans-serif";
// Axis steps of 1, 2 and 5 times a power of ten.
const WHOLE_STEPS = [...Array(9).keys()].flatMap((zeros) => [1, 2, 5].map((step) => step * 10 ** zeros));

/** @typedef {{ label: () => string, colour: () => string }} Series in the language and the colours of the moment */

/**
 * @typedef {object} ChartOptions
 * @property {"traffic" | "wait" | "lag"} name of its elements and texts
 * @property {PlainText} unit text of the axis
 * @property {number} minTop the least that the axis reaches
 * @property {Series[]} series
 * @property {(point: TrafficPoint) => (number | null)[]} values of a point, one for each series
 * @property {(value: number) => string} format
 * @property {boolean} [fractional] axis steps below 1
 * @property {boolean} [stacked] series drawn as bands on each other
 */

const cssColour = (/** @type {string} */ name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** @type {(text: PlainText, colour: string) => Series} */
const series = (text, colour) => ({ label: () => texts()[text], colour: () => cssColour(colour) });

// An input that the style sheet does not know yet gets a colour by its place; 137.5 degrees keeps neighbours apart.
/** @type {(topic: string, place: number) => Series} */
const topicSeries = (topic, place) => ({
  label: () => textOf(texts().topics, topic),
  colour: () => cssColour(topic) || `hsl(${(place * 137.5) % 360} 55% 55%)`,
});

/** @type {(topics: string[]) => ChartOptions} */
const trafficOptions = (topics) => ({
  name: "traffic",
  unit: "unitRate",
  minTop: 10,
  stacked: true,
  format: formatWhole,
  series: topics.map(topicSeries),
  values: (point) => topics.map((topic) => point.rates[topic] ?? 0),
});

/** @type {ChartOptions[]} */
const CHARTS = [
  trafficOptions([]), // until the server has declared its inputs
  {
    name: "wait",
    unit: "unitWait",
    minTop: 0.5,
    fractional: true,
    format: formatSeconds,
    series: [series("median", "likes"), series("p95", "comments")],
    values: (point) => [point.p50, point.p95],
  },
  {
    name: "lag",
    unit: "unitLag",
    minTop: 10,
    format: formatWhole,
    series: [series("waitingNow", "purchases")],
    values: (point) => [point.lag],
  },
];

export class Charts {
  constructor() {
    this.charts = CHARTS.map((options) => new Chart(options));
  }

  /** @param {string[]} topics a band each */
  declare(topics) {
    this.charts[0].options = trafficOptions(topics);
    this.charts[0].draw();
  }

  /** @param {TrafficPoint[]} history the oldest first */
  load(history) {
    for (const chart of this.charts) chart.load(history);
  }

  /** @param {TrafficPoint} point */
  add(point) {
    for (const chart of this.charts) chart.add(point);
  }

  draw() {
    for (const chart of this.charts) chart.draw();
  }
}

class Chart {
  /** @param {ChartOptions} options */
  constructor(options) {
    this.options = options;
    this.box = get(`${options.name}-chart`);
    this.legend = get(`${options.name}-legend`);
    /** @type {TrafficPoint[]} */
    this.points = [];
    /** @type {HTMLElement[]} legend values, one for each series */
    this.shownValues = [];
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {number | null} place of the point under the pointer */
    this.hovered = null;
    const resize = () => this.plot?.setSize({ width: this.box.clientWidth, height: this.box.clientHeight });
    new ResizeObserver(resize).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** @param {TrafficPoint[]} history the oldest first */
  load(history) {
    this.points = history;
    this.draw();
  }

  /** @param {TrafficPoint} point */
  add(point) {
    if ((this.points.at(-1)?.at ?? 0) >= point.at) return;
    this.points = [...this.points.slice(1 - HISTORY_S), point];
    if (this.plot === null) return this.draw();
    this.plot.setData(this.columns());
    this.showValues();
  }

  draw() {
    const words = texts();
    this.plot?.destroy();
    this.plot = null;
    this.shownValues = this.options.series.map(() => make("b"));
    const items = this.options.series.map(({ label, colour }, i) => {
      const item = make("li");
      item.appendChild(make("i", "swatch")).style.background = colour();
      item.append(make("span", "", label()), this.shownValues[i]);
      return item;
    });
    this.legend.replaceChildren(...items);
    this.showValues();
    const title = words[`${this.options.name}Title`];
    get(`${this.options.name}-ask`).setAttribute("aria-label", words.why(title));
    if (this.points.length < 2 || this.box.clientWidth === 0) return;
    this.plot = new window.uPlot(this.plotOptions(), this.columns(), this.box);
  }

  // Bands cover each other: the series drawn first is the sum of all, the last one the first series alone.
  /** @returns {AlignedData} */
  columns() {
    const columns = this.options.series.map(() => /** @type {(number | null)[]} */ ([]));
    for (const point of this.points) {
      let sum = 0;
      for (const [i, value] of this.options.values(point).entries()) {
        sum += value ?? 0;
        columns[i].push(this.options.stacked ? sum : value);
      }
    }
    return [this.points.map((point) => point.at / 1000), ...columns.reverse()];
  }

  /** @returns {uPlot.Options} */
  plotOptions() {
    const hover = (/** @type {uPlot} */ plot) => {
      this.hovered = plot.cursor.idx ?? null;
      this.showValues();
    };
    return {
      width: this.box.clientWidth,
      height: this.box.clientHeight,
      padding: [8, 22, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      hooks: { setCursor: [hover] },
      scales: {
        x: { time: true, range: (_plot, min, max) => [Math.min(min, max - HISTORY_S), max] },
        y: { range: (_plot, _min, max) => [0, Math.max(this.options.minTop, (max ?? 0) * 1.1)] },
      },
      axes: this.axes(),
      series: [{}, ...this.options.series.toReversed().map(({ colour }) => this.drawnAs(colour()))],
    };
  }

  /** @returns {uPlot.Axis[]} */
  axes() {
    const grid = { stroke: cssColour("line"), width: 1 };
    const line = { stroke: cssColour("muted"), grid, ticks: { show: false }, font: FONT };
    /** @type {uPlot.Axis.DynamicValues} */
    const clocks = (_plot, ticks) => ticks.map((seconds) => formatClock(seconds * 1000));
    const digits = (/** @type {number} */ step) => (step < 0.1 ? 2 : 1);
    /** @type {uPlot.Axis.DynamicValues} */
    const numbers = (_plot, ticks, _axis, _space, step) =>
      ticks.map((tick) => (step < 1 ? tick.toFixed(digits(step)) : formatWhole(tick)));
    const label = { label: texts()[this.options.unit], labelSize: 18, labelGap: 0, labelFont: FONT };
    const steps = this.options.fractional ? {} : { incrs: WHOLE_STEPS };
    return [
      { ...line, grid: { show: false }, size: 28, space: 60, incrs: [60, 120, 300], values: clocks },
      { ...line, ...label, ...steps, size: 56, space: 32, values: numbers },
    ];
  }

  /**
   * @param {string} colour
   * @returns {uPlot.Series}
   */
  drawnAs(colour) {
    const shape = this.options.stacked ? { width: 0, fill: colour } : { width: 2, stroke: colour };
    return { ...shape, points: { show: false } };
  }

  // The legend shows the second under the pointer, or the newest; screen readers get the newest.
  showValues() {
    const newest = this.points.at(-1);
    const shown = (this.hovered === null ? null : this.points[this.hovered]) ?? newest;
    const { series, values, format, name } = this.options;
    const text = (/** @type {number | null} */ value) => (value == null ? "–" : format(value));
    const valuesOf = (/** @type {TrafficPoint | undefined} */ point) =>
      point ? values(point).map(text) : series.map(() => "–");
    for (const [i, value] of valuesOf(shown).entries()) setText(this.shownValues[i], value);
    const words = texts();
    const newestValues = valuesOf(newest).map((value, i) => `${series[i].label()} ${value}`);
    this.box.setAttribute("aria-label", words.chartLabel(words[`${name}Title`], newestValues.join(", ")));
  }
}
