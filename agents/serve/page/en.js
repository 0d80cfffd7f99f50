// Every text of the page in English.

const count = (/** @type {number} */ n, /** @type {string} */ noun) => (n === 1 ? `1 ${noun}` : `${n} ${noun}s`);
const AGO = { s: "s", m: "min", h: "h", d: "d" };

export const EN = {
  // header and state
  brand: "Brand",
  other: "中文",
  otherLang: "zh",
  workers: (/** @type {number} */ n) => count(n, "worker"),
  live: "live",
  connecting: "connecting …",
  reconnecting: "reconnecting …",
  stale: "no updates from the server",
  catchingUp: (/** @type {string} */ n) => `catching up, ${n} records to go`,
  waitingForFans: "waiting for the first score",
  problems: /** @type {Record<string, string>} */ ({}), // by the server's word; it is English already

  // tiles
  figures: "Figures",
  eventsPerSecond: "Events per second",
  untilScored: "Time until scored",
  within: "95 % within",
  waiting: "Waiting to be scored",
  ofAll: "all brands",
  fansKnown: "Fans known",
  atRiskNow: "Fans at risk",
  angryNow: "Angry fans",

  // charts
  trafficTitle: "Events per second, last 5 minutes",
  trafficWhy:
    "What producers wrote to the input topics, for all brands: "
    + "the growth of the topics' end offsets, asked once a second.",
  // A name that the server declares and that has no words here is shown as it is.
  topics: /** @type {Record<string, string>} */ ({
    likes: "likes",
    reposts: "reposts",
    comments: "comments",
    purchases: "purchases",
  }),
  waitTitle: "Seconds until an event is scored",
  waitWhy:
    "From the moment an event appears on the broker until the workers have committed its score. "
    + "Sampled five times a second on up to twelve partitions, over the last ten seconds; "
    + "shorter waits are shown as <0.2. The way from the platform to the broker is not included. "
    + "A wait of more than a second counts before it ends.",
  median: "median",
  p95: "95 %",
  lagTitle: "Events waiting to be scored",
  lagWhy:
    "Events on the broker whose score is not committed yet: "
    + "end offsets minus the workers' committed offsets, asked once a second.",
  waitingNow: "waiting",
  unitRate: "events / s",
  unitWait: "seconds",
  unitLag: "events",
  why: (/** @type {string} */ title) => `What is this? ${title}`,
  chartLabel: (/** @type {string} */ title, /** @type {string} */ values) => `${title}; now: ${values}`,

  // lists
  angryTitle: "Angry just now",
  leavingTitle: "Leaving",
  topTitle: "Top fans",
  gainersTitle: "Top gainers",
  tierTitle: "Tier changes",
  backTitle: "Came back",
  listTitles: /** @type {Record<string, string>} */ ({}), // of lists that index.html does not have, by their category
  paused: "paused while you point at it",
  newest: (/** @type {number} */ n) => `newest ${n}`,
  best: (/** @type {number} */ n) => `top ${n}, score out of 100`,
  gainedSince: (/** @type {string} */ clock) => `points gained since ${clock}`,
  scoreNow: (/** @type {string} */ n, /** @type {string} */ tier) => `score ${n} · ${tier}`,
  empty: /** @type {Record<string, string>} */ ({
    angry: "nobody was angry yet",
    leaving: "nobody is leaving yet",
    back: "nobody yet",
    tier: "no changes yet",
    top: "nobody yet",
    gainers: "nobody gained points yet",
  }),
  emptyList: "nobody yet", // a list without words of its own
  hint: /** @type {Record<string, string>} */ ({ back: "at the earliest a day after the fan was at risk" }),
  sampled:
    "Lists show only the newest few and change at most once a second, however many events arrive. "
    + "Counts are complete.",
  chartBy: "Chart: uPlot (MIT licence)",

  // flags
  severity: (/** @type {number} */ n) => `severity ${n} of 3`,
  post: (/** @type {string} */ id) => `post ${id}`,
  noPost: "post not named",
  overComments: "over several comments",
  usually: (/** @type {string} */ gap, /** @type {string} */ silent) =>
    `usually comes every ${gap.replace(/^1 /, "")}; silent for ${silent}`,
  silentFor: (/** @type {string} */ silent) => `silent for ${silent}`,
  onlyPrizes: "took part for prizes only",
  wasUnhappy: "was unhappy",
  backAfter: (/** @type {string} */ silent) => `back after ${silent}`,
  activeAgain: (/** @type {string} */ silent) => `active again after ${silent}`,
  moved: (/** @type {string} */ from, /** @type {string} */ to) => `${from} → ${to}`,
  up: "up",
  down: "down",
  flag: { at_risk: "at risk", churned: "churned", returned: "came back", cleared: "cleared", raised: "angry" },
  tiers: { "passer-by": "passer-by", fan: "fan", active: "active", core: "core" },
  lifecycles: { new: "new", active: "active", at_risk: "at risk", churned: "churned", returned: "returned" },

  // one fan
  close: "Close",
  notFound: "This fan is not known.",
  failed: "The server could not answer.",
  score: "Score",
  tier: "Tier",
  lifecycle: "Lifecycle",
  churnRisk: "Churn risk",
  sentiment: "Sentiment",
  sentimentOf: (/** @type {string} */ mean, /** @type {number} */ n) => `${mean} (-1 to 1), ${count(n, "comment")}`,
  usualGap: "Usually comes every",
  firstSeen: "First seen",
  lastSeen: "Last seen",
  parts: "What the score is made of",
  part: {
    talk: "talks",
    share: "shares",
    influence: "reaches others",
    relevance: "here for the brand",
    authenticity: "authentic",
  },
  partMeaning: {
    talk: "recent likes, comments and purchases",
    share: "recent reposts and shown orders",
    influence: "people who reposted what they shared",
    relevance: "lower when they take part for prizes",
    authenticity: "0.1 while they act like a bot, otherwise 1",
  },
  formula:
    "Score = 100 × authentic × here for the brand × (0.40 talks + 0.30 shares + 0.30 reaches others), "
    + "unless the brand's parameters give other weights.",
  counts: "What the fan did",
  count: {
    like: "likes",
    unlike: "unlikes",
    repost: "reposts",
    show: "shown orders",
    comment: "comments",
    review: "reviews",
    mention: "mentions",
    purchase: "purchases",
    refund: "refunds",
  },
  flags: "Flags",
  noFlags: "no flags",
  active: "active",

  // durations
  day: (/** @type {number} */ n) => count(n, "day"),
  hour: (/** @type {number} */ n) => count(n, "hour"),
  minute: (/** @type {number} */ n) => count(n, "minute"),
  second: (/** @type {number} */ n) => count(n, "second"),
  agoNow: "now",
  ago: (/** @type {number} */ n, /** @type {keyof typeof AGO} */ unit) => `${n} ${AGO[unit]} ago`,
};
