// The new points of the compared runs that train, in one stream for all of them.
const retryAfter = [1_000, 2_000, 5_000, 10_000];
// Curves that are there are shown, whatever becomes of the stream.
const patience = 1_000; // milliseconds

export class LiveCurves {
  /** @param told `points` takes what is new; `back` takes what went back to a checkpoint, so that its curves are void; `lost` hears that something may have been missed. */
  constructor(told) {
    this.told = told;
    this.followed = new Map();
    this.failures = 0;
    // A browser opens six connections to a host and no more: a page in the background gives its one back.
    this.onVisibility = () => { if (document.hidden) this.hangUp(); else this.told.lost(); };
    document.addEventListener('visibilitychange', this.onVisibility);
  }

  /** Follows these curves. What is read once it returns has everything that the stream does not bring; where there is none, it says later what was missed. */
  async follow(runs, metrics) {
    const wanted = document.hidden || metrics.length === 0 ? [] : runs;
    const isFollowed = ({ id, version }) => this.followed.get(id) === version;
    this.followed.forEach((version, id) => { if (!wanted.some((run) => run.id === id && run.version === version)) this.followed.delete(id); });
    if (wanted.length === 0) this.hangUp();
    else if (this.timer === undefined && !(this.stream && wanted.every(isFollowed) && metrics.every((metric) => this.metrics.has(metric)))) this.open(wanted, metrics);
    await this.opened;
  }

  open(runs, metrics) {
    this.hangUp();
    this.followed = new Map(runs.map(({ id, version }) => [id, version]));
    this.metrics = new Set(metrics);
    const query = new URLSearchParams({ metrics: metrics.join(',') });
    const stream = this.stream = new EventSource(`/api/v1/live?runs=${runs.map(({ id }) => id).join(',')}&${query}`);
    this.opened = new Promise((resolve) => { this.goOn = resolve; });
    let late = false;
    this.waiting = setTimeout(() => { late = true; this.goOn(); }, patience);
    stream.addEventListener('ready', () => {
      clearTimeout(this.waiting);
      this.failures = 0;
      this.goOn();
      if (late) this.told.lost();
    });
    stream.addEventListener('points', (event) => this.told.points(JSON.parse(event.data).runs));
    stream.addEventListener('back', (event) => this.told.back(JSON.parse(event.data).runs.map(({ run }) => run)));
    stream.addEventListener('end', () => this.hangUp());
    // The browser would connect again by itself, but what came meanwhile is not in the stream.
    stream.addEventListener('error', () => {
      this.hangUp();
      this.timer = setTimeout(() => { this.timer = undefined; this.told.lost(); }, retryAfter[Math.min(this.failures++, retryAfter.length - 1)]);
    });
  }

  hangUp() {
    clearTimeout(this.waiting);
    clearTimeout(this.timer);
    this.timer = undefined;
    this.stream?.close();
    this.stream = undefined;
    this.followed.clear();
    this.goOn?.();
  }

  stop() {
    this.hangUp();
    document.removeEventListener('visibilitychange', this.onVisibility);
  }
}
