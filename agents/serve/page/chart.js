// Events per second by topic, stacked: the outline is the whole, the bands are the topics.

import { make, whole, write } from "./format.js";
import { say } from "./words.js";

const TOPICS = ["likes", "reposts", "comments", "purchases"];
const KEPT = 300; // seconds
const HEIGHT = 190;

let plot = null, points = [], legend = [], hovered = null;
const box = document.getElementById("chart");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Bands lie on each other: the series drawn first is the sum of all, the last one the first topic alone.
function columns() {
  const sums = TOPICS.map(() => []);
  for (const [, rates] of points) rates.reduce((sum, rate, i) => (sums[i].push(sum + rate), sum + rate), 0);
  return [points.map(([at]) => at / 1000), ...sums.reverse()];
}

function options(width) {
  const line = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  return {
    width, height: HEIGHT, padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, stroke: colour("muted") },
    hooks: { setCursor: [(u) => { hovered = u.cursor.idx ?? null; writeLegend(); }] },
    scales: { x: { time: true, range: (u, min, max) => [Math.min(min, max - KEPT), max] }, y: { range: (u, min, max) => [0, Math.max(10, max * 1.1)] } },
    axes: [
      { ...line, grid: { show: false }, size: 28, space: 60, incrs: [60, 120, 300], values: (u, ticks) => ticks.map(clock) },
      { ...line, size: 56, space: 32, values: (u, ticks) => ticks.map((n) => whole(n)) },
    ],
    series: [{}, ...[...TOPICS].reverse().map((name) => ({
      width: 0, fill: colour(name), points: { show: false },
    }))],
  };
}

const clock = (at) => new Date(at * 1000).toTimeString().slice(0, 5);

export function begin(history) {
  points = history.filter(Boolean);
  draw();
}

export function add(point) {
  if (!point || (points.length && points[points.length - 1][0] >= point[0])) return;
  points = [...points.slice(1 - KEPT), point];
  if (plot === null) return draw();
  plot.setData(columns());
  writeLegend();
}

export function draw() {
  plot?.destroy();
  plot = null;
  legend = TOPICS.map((name) => {
    const item = make("li", "", "");
    item.append(make("i", `swatch ${name}`), make("span", "", say()[name]), make("b"));
    return item;
  });
  document.getElementById("legend").replaceChildren(...legend);
  writeLegend();
  if (points.length < 2 || box.clientWidth === 0) return;
  plot = new window.uPlot(options(box.clientWidth), columns(), box);
}

// The second under the pointer, or the newest.
function writeLegend() {
  const point = (hovered === null ? null : points[hovered]) ?? points[points.length - 1];
  legend.forEach((item, i) => write(item.lastChild, point ? whole(point[1][i]) : "–"));
  const now = points[points.length - 1];
  if (now) box.setAttribute("aria-label", say().chartSays(whole(now[1].reduce((a, b) => a + b, 0))));
}

new ResizeObserver(() => plot?.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
