// <hub-time datetime="…" format="relative|clock|seconds" exact="what hover says">: times in the viewer's zone and language of numbers, kept up to date without the server.
import { clock, day, exact, withSeconds } from './clock.js';

const elements = new Set();

// The viewer's clock may be wrong; what counts is how long ago it was for the hub, which wrote its time into the page.
const offset = Number(document.documentElement.dataset.now ?? Date.now()) - Date.now();

const ago = (seconds) => {
  if (seconds < 5) return 'just now';
  if (seconds < 60) return `${seconds} s ago`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days < 8 ? `${days} d ago` : undefined;
};

/** Rounded to the nearest unit: what comes in 2 h 50 min comes in 3 h. */
const ahead = (seconds) => {
  if (seconds < 60) return `in ${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `in ${minutes} min`;
  const hours = Math.round(seconds / 3600);
  return hours < 24 ? `in ${hours} h` : `in ${Math.round(seconds / 86400)} d`;
};

const relative = (time) => {
  const seconds = Math.round((Date.now() + offset - time) / 1000);
  // The page was a moment on its way: a moment ahead is now.
  return seconds > -5 ? ago(seconds) ?? day.format(time) : ahead(-seconds);
};

class HubTime extends HTMLElement {
  static observedAttributes = ['datetime', 'format', 'exact'];

  connectedCallback() {
    elements.add(this);
    this.show();
  }

  disconnectedCallback() {
    elements.delete(this);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.show();
  }

  show() {
    const time = new Date(this.getAttribute('datetime'));
    if (Number.isNaN(time.getTime())) return;
    const format = this.getAttribute('format') ?? 'relative';
    const text = format === 'clock' ? clock.format(time) : format === 'seconds' ? withSeconds.format(time) : relative(time);
    if (this.textContent !== text) this.textContent = text;
    this.title = this.getAttribute('exact') ?? exact.format(time);
  }
}

customElements.define('hub-time', HubTime);
setInterval(() => elements.forEach((element) => element.show()), 1000);
