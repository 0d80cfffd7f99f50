// What stands in a row of each list.

import { ago, moment, write } from "../words/format.js";
import { isRise, sentence } from "../words/sentence.js";
import { say } from "../words/words.js";

const percent = (score) => `${Math.max(0, Math.min(100, score))}%`;
const tier = (fan) => say().tiers[fan.tier] ?? fan.tier;

function sign(node, text, meaning) {
  write(node, text);
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", meaning);
}

function flagged(mark) {
  return (row, flag, now) => {
    mark(row, flag);
    write(row.side, ago(flag.as_of, now));
    row.side.title = moment(flag.as_of);
    write(row.detail, sentence(flag));
  };
}

export const FILL = {
  angry: flagged((row, { severity }) => sign(row.mark, "●".repeat(severity) + "○".repeat(Math.max(0, 3 - severity)), say().severity(severity))),
  leaving: flagged((row, flag) => {
    write(row.mark, say().flag[flag.state] ?? flag.state);
    row.mark.dataset.state = flag.state;
  }),
  back: flagged(() => {}),
  tier: flagged((row, flag) => {
    row.mark.dataset.state = isRise(flag) ? "up" : "down";
    sign(row.mark, isRise(flag) ? "▲" : "▼", isRise(flag) ? say().up : say().down);
  }),
  gainers(row, fan) {
    write(row.side, `+${fan.gained.toFixed(1)}`);
    write(row.detail, say().scoreNow(fan.score.toFixed(1), tier(fan)));
  },
  top(row, fan, now, i) {
    write(row.mark, String(i + 1));
    write(row.side, fan.score.toFixed(1));
    write(row.detail, tier(fan));
    row.item.style.setProperty("--filled", percent(fan.score));
  },
};

// What tells an item from the one that stood there before.
export const key = (item) => (item.flag_id ? `${item.flag_id}:${item.state}` : item.fan_id);
