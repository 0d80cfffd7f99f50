// The page's one connection: news come in once a second and are handed to whoever shows them.

import * as charts from "./charts/charts.js";
import { open } from "./fan/view.js";
import * as lists from "./lists/lists.js";
import { plain, seconds, short, whole, write } from "./words/format.js";
import { language, say, speak, translate } from "./words/words.js";

const QUIET_MS = 6000; // without news: the connection may be dead and nobody has said so
const DEAD_MS = 15000; // then it is begun anew: a proxy may hold a connection that leads nowhere
const AGAIN_MS = 2000; // after a refusal, which EventSource takes as final

const get = (id) => document.getElementById(id);
const known = {}; // the newest of every section: a message holds only what changed
let brand = new URLSearchParams(location.search).get("brand") ?? "";
let source = null, heard = 0, connection = "connecting";

function connect() {
  source?.close();
  heard = Date.now();
  source = new EventSource(`/events?brand=${encodeURIComponent(brand)}`);
  source.onmessage = (event) => {
    heard = Date.now();
    connection = "live";
    take(JSON.parse(event.data));
  };
  source.onerror = () => {
    connection = "reconnecting";
    showState();
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  };
}

function take(news) {
  Object.assign(known, news);
  if (news.history) charts.begin(news.history);
  if (news.brands) showBrands(news.brands);
  charts.add(news.now);
  if (news.gainers_since) lists.countSince(news.gainers_since);
  for (const name of lists.NAMES) if (known[name]) lists.show(name, known[name], known.now?.at ?? Date.now());
  showTiles();
  showState();
}

function showBrands(brands) {
  const ids = brands.map((line) => line.brand_id).sort();
  if (brand && !ids.includes(brand)) ids.unshift(brand);
  const select = get("brand");
  if (ids.join("\n") !== [...select.options].map((option) => option.value).join("\n")) {
    select.replaceChildren(...ids.map((id) => new Option(plain(id), id, false, id === brand)));
    select.disabled = ids.length === 0;
  }
  if (!brand && ids.length) choose(brands[0].brand_id);
}

function choose(id) {
  brand = get("brand").value = id;
  history.replaceState(null, "", `?brand=${encodeURIComponent(id)}`);
  for (const name of lists.NAMES) delete known[name];
  lists.forget();
  connect();
}

function showTiles() {
  const line = known.brands?.find((one) => one.brand_id === brand), { rates, lag, p95: wait } = known.now ?? {};
  const { workers } = known.status ?? {};
  const put = (name, n, how = short) => write(get(`tile-${name}`), n === null || n === undefined ? "–" : how(n));
  put("rate", rates && Object.values(rates).reduce((a, b) => a + b, 0), whole);
  put("lag", lag);
  put("wait", wait, (s) => `${seconds(s)} s`);
  for (const name of ["fans", "at_risk", "angry"]) put(name, line?.[name]);
  for (const node of document.querySelectorAll(".of-brand")) write(node, plain(brand));
  write(get("workers"), workers === null || workers === undefined ? "" : say().workers(workers));
  get("workers").classList.toggle("bad", workers === 0);
}

function showState() {
  const words = say(), { status } = known, quiet = connection === "live" && Date.now() - heard > QUIET_MS;
  let text = words[connection], kind = connection === "live" ? "good" : "warn";
  if (quiet) [text, kind] = [words.quiet, "warn"];
  else if (connection === "live" && status?.problem) [text, kind] = [words.troubles[status.problem] ?? status.problem, "bad"];
  else if (connection === "live" && status && !status.caught_up) [text, kind] = [words.catchingUp(whole(status.lag)), "warn"];
  else if (connection === "live" && known.brands?.length === 0) [text, kind] = [words.waitingForFans, "good"];
  write(get("state-text"), text);
  get("state").className = kind;
}

function showWords() {
  translate();
  write(get("language"), say().other);
  get("language").lang = say().otherLang;
  charts.draw();
  lists.NAMES.forEach(lists.settle);
  if (known.now) showTiles();
  showState();
}

lists.prepare((fan) => open(brand, fan));
get("brand").addEventListener("change", (event) => choose(event.target.value));
get("language").addEventListener("click", () => { speak(language === "en" ? "zh" : "en"); showWords(); });
setInterval(() => {
  if (heard && Date.now() - heard > DEAD_MS && source.readyState === EventSource.OPEN) connect();
  showState();
}, 1000);
showWords();
document.documentElement.classList.remove("starting");
connect();
