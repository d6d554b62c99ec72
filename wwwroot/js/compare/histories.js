// What is known of the compared runs' curves. All that is missing is read in one request; a run is read again when its version changes.
import { readMany } from '../run/source.js';

// Together about as many entries as a screen can show, but never fewer for a run than its curve needs.
const together = 30_000;
const [fewest, most] = [200, 600];

export class Histories {
  constructor() { this.known = new Map(); }

  get(id) { return this.known.get(id); }

  /** Reads what is missing. False where a newer question came meanwhile. */
  async read(runs, metrics, times) {
    this.reading?.abort();
    const { signal } = this.reading = new AbortController();
    const stale = runs.filter(({ id, version }) => this.known.get(id)?.version !== version);
    const fresh = runs.filter((run) => !stale.includes(run));
    const lacking = metrics.filter((metric) => fresh.some(({ id }) => !this.known.get(id).asked.has(metric)));
    const untimed = times && fresh.some(({ id }) => !this.known.get(id).timed);
    const buckets = Math.max(fewest, Math.min(most, Math.floor(together / runs.length)));
    try {
      await Promise.all([
        this.take(stale, metrics, { buckets, times }, signal),
        lacking.length > 0 || untimed ? this.take(fresh, lacking.length > 0 ? lacking : metrics, { buckets, times }, signal) : undefined,
      ]);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  async take(runs, metrics, options, signal) {
    if (runs.length === 0) return;
    const answer = await readMany(runs.map(({ id }) => id), metrics, options, signal);
    const byId = new Map(answer.map((one) => [one.run, one]));
    for (const { id, version } of runs) {
      const before = this.known.get(id);
      const same = before?.version === version;
      const { series = [], stepsPerEpoch = null, epochSeconds = [], times = { steps: [], unix: [] } } = byId.get(id) ?? {};
      this.known.set(id, {
        version, stepsPerEpoch, epochSeconds, timed: options.times, times,
        asked: new Set([...(same ? before.asked : []), ...metrics]),
        series: new Map([...(same ? before.series : []), ...series.map((one) => [one.metric, one])]),
      });
    }
  }

  stop() { this.reading?.abort(); }
}
