// Claims about the page's connection: there is never more than one, and it comes back after a refusal or a silence.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { UpdateStream } from "../../../../agents/serve/page/stream.js";

const sources = [];

class FakeEventSource {
  static OPEN = 1;
  static CLOSED = 2;

  constructor(url) {
    Object.assign(this, { url, readyState: FakeEventSource.OPEN });
    sources.push(this);
  }

  close() {
    this.readyState = FakeEventSource.CLOSED;
  }

  refuse() {
    this.close();
    this.onerror();
  }

  send(patch) {
    this.onmessage({ data: JSON.stringify(patch) });
  }
}

globalThis.EventSource = FakeEventSource;
mock.timers.enable({ apis: ["setTimeout", "Date"] });

let patches;
let stream;
const open = () => sources.filter((source) => source.readyState === FakeEventSource.OPEN).map((source) => source.url);

beforeEach(() => {
  stream?.close();
  sources.length = 0;
  patches = [];
  stream = new UpdateStream({ onPatch: (patch) => patches.push(patch), onState: () => {} });
});

test("a patch is handed on and the state is live", () => {
  stream.open("a&b");
  assert.equal(stream.state, "connecting");
  sources[0].send({ top: [] });
  assert.deepEqual(patches, [{ top: [] }]);
  assert.equal(stream.state, "live");
  assert.deepEqual(open(), ["/events?brand=a%26b"]);
});

test("a refused connection is opened again", () => {
  stream.open("a");
  sources[0].refuse();
  assert.equal(stream.state, "reconnecting");
  assert.deepEqual(open(), []);
  mock.timers.tick(2000);
  assert.deepEqual(open(), ["/events?brand=a"]);
});

test("a brand chosen while a retry is pending is opened once", () => {
  stream.open("a");
  sources[0].refuse();
  mock.timers.tick(1000);
  stream.open("b");
  mock.timers.tick(60_000);
  assert.deepEqual(open(), ["/events?brand=b"]);
  assert.equal(sources.length, 2);
});

test("two refusals make one retry", () => {
  stream.open("a");
  sources[0].refuse();
  sources[0].onerror();
  mock.timers.tick(60_000);
  assert.equal(sources.length, 2);
});

test("a connection that the browser itself retries is left alone", () => {
  stream.open("a");
  sources[0].readyState = 0; // CONNECTING
  sources[0].onerror();
  mock.timers.tick(60_000);
  assert.equal(sources.length, 1);
});

test("a silent connection is stale after 6 s and opened again after 15 s", () => {
  stream.open("a");
  sources[0].send({});
  mock.timers.tick(6000);
  assert.equal(stream.isStale(), false);
  mock.timers.tick(1);
  assert.equal(stream.isStale(), true);
  stream.check();
  assert.equal(sources.length, 1);
  mock.timers.tick(9000);
  stream.check();
  assert.equal(sources.length, 2);
  assert.deepEqual(open(), ["/events?brand=a"]);
});
