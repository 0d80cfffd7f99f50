// What a flag says, in one sentence.

import { plain, span } from "./format.js";
import { say } from "./words.js";

export function sentence(flag) {
  const words = say(), { usual_gap_s: gap, silent_for_s: silent, post_id: post } = flag.evidence;
  if (flag.kind === "negative") {
    if (flag.state !== "raised") return "";
    const where = post ? words.post(plain(post)) : flag.evidence.event_id ? words.noPost : words.bySum;
    return `${words.severity(flag.severity)} · ${where}`;
  }
  if (flag.kind === "tier") return words.moved(words.tiers[flag.from] ?? flag.from, words.tiers[flag.state] ?? flag.state);
  if (flag.state === "returned") return words.backAfter(span(silent));
  if (flag.state === "cleared") return words.spokeAgain(span(silent));
  const said = gap > 0 ? words.usually(span(gap), span(silent)) : words.silentFor(span(silent));
  const why = { campaign_only: words.onlyPrizes, negative: words.wasUnhappy }[flag.reason];
  return why ? `${said} · ${why}` : said;
}

const TIERS = ["passer-by", "fan", "active", "core"];

export const isRise = (flag) => TIERS.indexOf(flag.state) > TIERS.indexOf(flag.from);
