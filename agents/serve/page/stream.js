// The connection to /events: one EventSource at a time, opened again when it fails or falls silent.

/** @import { PageModel } from "./types.js" */

const STALE_MS = 6000; // without a message: the connection may be dead
const DEAD_MS = 15000; // then it is opened again: a proxy may hold a connection that leads nowhere
const RETRY_MS = 2000; // after a refusal, which EventSource does not retry

export class UpdateStream {
  /** @param {{ onPatch: (patch: PageModel) => void, onState: () => void }} listener */
  constructor({ onPatch, onState }) {
    this.onPatch = onPatch;
    this.onState = onState;
    this.brand = "";
    /** @type {"connecting" | "live" | "reconnecting"} */
    this.state = "connecting";
    /** @type {EventSource | null} */
    this.source = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retry = undefined;
    this.lastMessageAt = 0;
  }

  /** @param {string} brand */
  open(brand) {
    this.close();
    this.brand = brand;
    this.lastMessageAt = Date.now();
    const source = new EventSource(`/events?brand=${encodeURIComponent(brand)}`);
    source.onmessage = (event) => {
      this.lastMessageAt = Date.now();
      this.state = "live";
      this.onPatch(JSON.parse(event.data));
    };
    source.onerror = () => {
      this.state = "reconnecting";
      if (source.readyState === EventSource.CLOSED) this.openLater();
      this.onState();
    };
    this.source = source;
  }

  // Closes the connection and cancels a pending retry: both would be a second stream next to the new one.
  close() {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.source?.close();
    this.source = null;
  }

  openLater() {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(this.brand), RETRY_MS);
  }

  // Opens a dead connection again; to be called every second or so.
  check() {
    if (this.source?.readyState === EventSource.OPEN && this.silentMs() > DEAD_MS) this.open(this.brand);
  }

  silentMs() {
    return Date.now() - this.lastMessageAt;
  }

  isStale() {
    return this.state === "live" && this.silentMs() > STALE_MS;
  }
}
