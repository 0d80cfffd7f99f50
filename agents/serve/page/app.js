// The page's one connection: news come in once a second and are handed to whoever shows them.

import * as chart from "./chart.js";
import { open } from "./fan.js";
import { short, whole, write } from "./format.js";
import * as lists from "./lists.js";
import { language, say, speak, translate } from "./words.js";

const QUIET_MS = 6000; // without news: the connection may be dead and nobody has said so
const AGAIN_MS = 2000; // after a refusal, which EventSource takes as final
const LISTS = ["angry", "leaving", "back", "tier", "top"];

const get = (id) => document.getElementById(id);
const known = {}; // the newest of every section: a message holds only what changed
let brand = new URLSearchParams(location.search).get("brand") ?? "";
let source = null, heard = 0, connection = "connecting";

function connect() {
  source?.close();
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
  if (news.history) chart.begin(news.history);
  if (news.brands) showBrands(news.brands);
  chart.add(news.now);
  for (const name of LISTS) if (known[name]) lists.show(name, known[name], known.now?.[0] ?? Date.now());
  showTiles();
  showState();
}

function showBrands(brands) {
  const ids = brands.map((line) => line.brand_id).sort();
  if (brand && !ids.includes(brand)) ids.unshift(brand);
  const select = get("brand");
  if (ids.join("\n") !== [...select.options].map((option) => option.value).join("\n")) {
    select.replaceChildren(...ids.map((id) => new Option(id, id, false, id === brand)));
    select.disabled = ids.length === 0;
  }
  if (!brand && ids.length) choose(brands[0].brand_id);
}

function choose(id) {
  brand = get("brand").value = id;
  history.replaceState(null, "", `?brand=${encodeURIComponent(id)}`);
  for (const name of LISTS) delete known[name];
  lists.forget();
  connect();
}

function showTiles() {
  const line = known.brands?.find((one) => one.brand_id === brand), [, rates, lag] = known.now ?? [];
  const put = (name, n, how = short) => write(get(`tile-${name}`), n === null || n === undefined ? "–" : how(n));
  put("rate", rates?.reduce((a, b) => a + b, 0), whole);
  put("lag", lag);
  put("workers", known.status?.workers);
  for (const name of ["fans", "at_risk", "angry"]) put(name, line?.[name]);
  get("tile-workers").classList.toggle("bad", known.status?.workers === 0);
}

function showState() {
  const words = say(), { status } = known, quiet = connection === "live" && Date.now() - heard > QUIET_MS;
  let text = words[connection], kind = connection === "live" ? "good" : "warn";
  if (quiet) [text, kind] = [words.quiet, "warn"];
  else if (connection === "live" && status?.trouble) [text, kind] = [words.troubles[status.trouble] ?? status.trouble, "bad"];
  else if (connection === "live" && status && !status.caught_up) [text, kind] = [words.catchingUp(whole(status.behind)), "warn"];
  else if (connection === "live" && known.brands?.length === 0) [text, kind] = [words.waitingForFans, "good"];
  write(get("state-text"), text);
  get("state").className = kind;
}

function showWords() {
  translate();
  write(get("language"), say().other);
  get("language").lang = say().otherLang;
  chart.draw();
  LISTS.forEach(lists.settle);
  if (known.now) showTiles();
  showState();
}

lists.prepare((fan) => open(brand, fan));
get("brand").addEventListener("change", (event) => choose(event.target.value));
get("language").addEventListener("click", () => { speak(language === "en" ? "zh" : "en"); showWords(); });
setInterval(showState, 1000);
showWords();
document.documentElement.classList.remove("starting");
connect();
