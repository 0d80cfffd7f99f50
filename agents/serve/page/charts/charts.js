// The three charts: what comes in, how long it waits for its score, and how much waits.

import { seconds, whole } from "../words/format.js";
import { say } from "../words/words.js";
import { Chart } from "./chart.js";

const TOPICS = ["likes", "reposts", "comments", "purchases"];

const charts = [
  new Chart({
    name: "traffic", unit: "unitRate", top: 10, stacked: true, tell: whole,
    parts: TOPICS.map((topic) => [topic, topic]), values: ({ rates }) => TOPICS.map((topic) => rates[topic]),
  }),
  new Chart({
    name: "wait", unit: "unitWait", top: 0.5, fine: true, tell: seconds,
    parts: [["half", "likes"], ["most", "comments"]], values: ({ p50, p95 }) => [p50, p95],
  }),
  new Chart({ name: "lag", unit: "unitLag", top: 10, tell: whole, parts: [["waitingNow", "purchases"]], values: ({ lag }) => [lag] }),
];

export const begin = (history) => charts.forEach((chart) => chart.begin(history));
export const add = (point) => charts.forEach((chart) => chart.add(point));

export function draw() {
  for (const chart of charts) {
    chart.draw();
    const words = say(), title = words[`${chart.name}Title`];
    document.getElementById(`${chart.name}-ask`).setAttribute("aria-label", words.why(title));
  }
}
