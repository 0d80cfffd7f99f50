// What the server sends, for `tsc --checkJs`; browsers never load this file. The interfaces have the names and fields
// of the structs in schemas/serving.py, schemas/outputs/records.py and agents/serve: a test compares them.

import type uPlot from "uplot";
import type { EN } from "./en.js";

declare global {
  interface Window {
    uPlot: typeof uPlot; // a classic script sets it: vendor/uPlot.min.js
  }
}

export type Texts = typeof EN;

/** Names of texts that take no argument. */
export type PlainText = { [Name in keyof Texts]: Texts[Name] extends string ? Name : never }[keyof Texts];

export interface Evidence {
  usual_gap_s: number;
  silent_for_s: number;
  event_id: string | null;
  post_id: string | null;
}

export interface FlagRow {
  flag_id: string;
  fan_id: string;
  kind: string;
  state: string;
  from: string;
  reason: string;
  severity: number;
  evidence: Evidence;
  as_of: number; // epoch ms
}

export interface FanRow {
  fan_id: string;
  score: number;
  tier: string;
  lifecycle: string;
  churn_risk: number;
  last_seen: number; // epoch ms
}

export interface GainerRow extends FanRow {
  gained: number;
}

export interface BrandRow {
  brand_id: string;
  fans: number;
  at_risk: number;
  angry: number;
}

export interface Status {
  caught_up: boolean;
  lag: number; // output records that are not in Redis yet
  workers: number | null;
  problem: string | null;
}

/** What inputs and rules declare; part of the first message alone. */
export interface Declared {
  topics: string[];
  categories: string[];
}

export interface TrafficPoint {
  at: number; // epoch ms
  rates: Record<string, number>; // topic -> events per second
  lag: number | null;
  p50: number | null; // seconds
  p95: number | null;
}

/** The items of each list that index.html has; names of the page model's parts and of the page's elements. */
export interface ListItems {
  angry: FlagRow;
  leaving: FlagRow;
  top: FanRow;
  gainers: GainerRow;
  tier: FlagRow;
  back: FlagRow;
}

export type ListName = keyof ListItems;

/** The page model; a patch holds the parts that changed. A category without a list in index.html is a part, too. */
export type PageModel = { [Name in ListName]?: ListItems[Name][] } & {
  declared?: Declared;
  brands?: BrandRow[];
  gainers_since?: number; // epoch ms, 0: nothing is known yet
  history?: TrafficPoint[];
  now?: TrafficPoint | null;
  status?: Status;
};

export interface SentimentView {
  mean: number;
  n: number;
}

export interface StandingFlag {
  flag_id: string;
  kind: string;
  severity: number;
  since: number; // epoch ms
}

/** What the page reads of a record of fan-scores. */
export interface FanScore {
  score: number;
  parts: Record<string, number>;
  tier: string;
  lifecycle: string;
  churn_risk: number;
  sentiment: SentimentView;
  flags: StandingFlag[];
  usual_gap_s: number;
  counts: Record<string, number>;
  first_seen: number; // epoch ms, 0: never
  last_seen: number;
}
