// Every word on the page, in both languages.

const count = (n, one) => (n === 1 ? `1 ${one}` : `${n} ${one}s`);

const EN = {
  brand: "Brand", figures: "Figures", eventsPerSecond: "Events per second", waiting: "Waiting to be scored",
  workers: "Workers", fansKnown: "Fans known", atRiskNow: "Fans at risk", angryNow: "Angry fans",
  trafficTitle: "Events per second, last 5 minutes, all brands", likes: "likes", reposts: "reposts",
  comments: "comments", purchases: "purchases",
  angryTitle: "Angry just now", leavingTitle: "Leaving", backTitle: "Came back", tierTitle: "Tier moves",
  topTitle: "Top fans", held: "held while you point at it", newest: (n) => `newest ${n}`, best: (n) => `best ${n}`,
  sampled: "Lists show the newest few and change at most once a second, however many events come in. Counts are complete.",
  chartBy: "Chart: uPlot (MIT licence)", close: "Close", other: "中文", otherLang: "zh",
  live: "live", connecting: "connecting …", reconnecting: "reconnecting …", quiet: "no news from the server",
  catchingUp: (n) => `catching up, ${n} records to go`, waitingForFans: "waiting for the first score",
  noBrand: "no brand yet", nothing: "nothing yet",
  troubles: {},
  severity: (n) => `severity ${n} of 3`, post: (id) => `post ${id}`, noPost: "post not named", bySum: "by the sum of comments",
  usually: (gap, silent) => `usually comes every ${gap.replace(/^1 /, "")}; silent for ${silent}`, silentFor: (silent) => `silent for ${silent}`,
  onlyPrizes: "came for prizes only", wasUnhappy: "was unhappy",
  backAfter: (silent) => `back after ${silent}`, spokeAgain: (silent) => `spoke again after ${silent}`,
  day: (n) => count(n, "day"), hour: (n) => count(n, "hour"), minute: (n) => count(n, "minute"), second: (n) => count(n, "second"),
  agoNow: "now", ago: { s: "s", m: "min", h: "h", d: "d" },
  tiers: { "passer-by": "passer-by", fan: "fan", active: "active", core: "core" },
  lifecycles: { new: "new", active: "active", at_risk: "at risk", churned: "churned", returned: "returned" },
  moved: (from, to) => `${from} → ${to}`, up: "up", down: "down",
  score: "Score", tier: "Tier", lifecycle: "Lifecycle", churnRisk: "Churn risk", mood: "Mood", comes: "Usually comes every",
  firstSeen: "First seen", lastSeen: "Last seen", parts: "What the score is made of", counts: "What the fan did",
  history: "Flags", noHistory: "no flags", notFound: "This fan is not known.", failed: "The server could not answer.",
  part: { talk: "talks", share: "shares", influence: "reaches others", relevance: "here for the brand", authenticity: "authentic" },
  count: { like: "likes", unlike: "unlikes", repost: "reposts", show: "shows", comment: "comments", review: "reviews",
    mention: "mentions", purchase: "purchases", refund: "refunds" },
  standing: "stands", flag: { at_risk: "at risk", churned: "churned", returned: "came back", cleared: "cleared", raised: "angry" },
  chartSays: (n) => `${n} events per second now`, rank: (n) => `rank ${n}`,
};

const ZH = {
  brand: "品牌", figures: "数据", eventsPerSecond: "每秒事件", waiting: "等待评分", workers: "工作进程", fansKnown: "已知粉丝",
  atRiskNow: "流失预警粉丝", angryNow: "不满粉丝", trafficTitle: "每秒事件数，最近 5 分钟，所有品牌", likes: "点赞", reposts: "转发",
  comments: "评论", purchases: "购买", angryTitle: "刚刚不满", leavingTitle: "正在流失", backTitle: "重新回来", tierTitle: "等级变化",
  topTitle: "粉丝榜", held: "指向时暂停更新", newest: (n) => `最新 ${n} 条`, best: (n) => `前 ${n} 名`,
  sampled: "列表只显示最新几条，无论事件多少，每秒最多更新一次。各项总数是完整的。", chartBy: "图表：uPlot（MIT 许可）",
  close: "关闭", other: "English", otherLang: "en", live: "实时", connecting: "连接中…", reconnecting: "重新连接中…",
  quiet: "服务器没有新消息", catchingUp: (n) => `追赶中，还有 ${n} 条记录`, waitingForFans: "等待第一个评分", noBrand: "暂无品牌",
  nothing: "暂无",
  troubles: { "Redis does not answer": "Redis 没有响应", "Kafka does not answer": "Kafka 没有响应" },
  severity: (n) => `严重程度 ${n}/3`, post: (id) => `帖子 ${id}`, noPost: "未注明帖子", bySum: "多条评论累计",
  usually: (gap, silent) => `通常每${gap}来一次，已沉默${silent}`, silentFor: (silent) => `已沉默${silent}`,
  onlyPrizes: "只为奖品而来", wasUnhappy: "此前不满", backAfter: (silent) => `沉默${silent}后回来`,
  spokeAgain: (silent) => `沉默${silent}后再次互动`, day: (n) => `${n}天`, hour: (n) => `${n}小时`, minute: (n) => `${n}分钟`,
  second: (n) => `${n}秒`, agoNow: "刚刚", ago: { s: "秒", m: "分钟", h: "小时", d: "天" },
  tiers: { "passer-by": "路人", fan: "粉丝", active: "活跃", core: "核心" },
  lifecycles: { new: "新粉", active: "活跃", at_risk: "预警", churned: "已流失", returned: "已回归" },
  moved: (from, to) => `${from} → ${to}`, up: "上升", down: "下降",
  score: "得分", tier: "等级", lifecycle: "生命周期", churnRisk: "流失风险", mood: "情绪", comes: "通常间隔", firstSeen: "首次出现",
  lastSeen: "最近出现", parts: "得分构成", counts: "互动次数", history: "标记", noHistory: "没有标记", notFound: "没有这个粉丝。",
  failed: "服务器无法回答。",
  part: { talk: "互动", share: "分享", influence: "影响力", relevance: "为品牌而来", authenticity: "真实性" },
  count: { like: "点赞", unlike: "取消赞", repost: "转发", show: "晒单", comment: "评论", review: "评价", mention: "提及",
    purchase: "购买", refund: "退款" },
  standing: "未解除", flag: { at_risk: "预警", churned: "已流失", returned: "回来了", cleared: "已解除", raised: "不满" },
  chartSays: (n) => `目前每秒 ${n} 个事件`, rank: (n) => `第 ${n} 名`,
};

export const BOTH = { en: EN, zh: ZH };

function remembered() {
  try { return localStorage.getItem("fanpulse-language"); } catch { return null; }
}

export let language = BOTH[remembered()] ? remembered() : navigator.language.startsWith("zh") ? "zh" : "en";

export const say = () => BOTH[language];

export function speak(other) {
  language = other;
  try { localStorage.setItem("fanpulse-language", other); } catch { /* a private window forgets it */ }
  translate();
}

// Put the words into everything that names them.
export function translate() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of document.querySelectorAll("[data-say]")) node.textContent = say()[node.dataset.say];
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say()[node.dataset.label]);
}
