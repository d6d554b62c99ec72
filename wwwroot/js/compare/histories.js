// What is known of the compared runs' curves. All that is missing is read in one request; a run is read again when its version changes, and what comes of it meanwhile is added. What is looked at closely is
// read again in more detail.
import { Series } from '../run/series.js';
import { readMany } from '../run/source.js';
import { placesOf, stepsAround } from './axis.js';

// Together about as many entries as a screen can show, but never fewer for a run than its curve needs.
const together = 30_000;
const [fewest, most] = [200, 600];

// What is looked at closely is read with as much again on both sides, for whoever moves along.
const margin = 0.5;
// Runs of one pace have the same steps there; for more kinds of pace than this one request reads all that any of them has there.
const mostPaces = 6;

const bucketsFor = (runs) => Math.max(fewest, Math.min(most, Math.floor(together / runs.length)));

export class Histories {
  constructor() {
    this.known = new Map();
    this.closer = undefined;
    // What came while curves are read, which may be newer than they are.
    this.ahead = [];
  }

  get(id) { return this.known.get(id); }

  /** Reads what is missing. False where a newer question came meanwhile. */
  async read(runs, metrics, times) {
    this.reading?.abort();
    const reading = this.reading = new AbortController();
    const { signal } = reading;
    const stale = runs.filter(({ id, version }) => this.known.get(id)?.version !== version);
    const fresh = runs.filter((run) => !stale.includes(run));
    const lacking = metrics.filter((metric) => fresh.some(({ id }) => !this.known.get(id).asked.has(metric)));
    const untimed = times && fresh.some(({ id }) => !this.known.get(id).timed);
    const buckets = bucketsFor(runs);
    try {
      await Promise.all([
        this.take(stale, metrics, { buckets, times }, signal),
        lacking.length > 0 || untimed ? this.take(fresh, lacking.length > 0 ? lacking : metrics, { buckets, times }, signal) : undefined,
      ]);
      runs.forEach(({ id, seconds }) => { if (seconds && this.known.has(id)) this.known.get(id).epochSeconds = seconds; });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    } finally {
      if (reading === this.reading) {
        this.reading = undefined;
        this.ahead = [];
      }
    }
  }

  async take(runs, metrics, options, signal) {
    if (runs.length === 0) return;
    const answer = await readMany(runs.map(({ id }) => id), metrics, options, signal);
    signal.throwIfAborted();
    const byId = new Map(answer.map((one) => [one.run, one]));
    for (const { id, version } of runs) {
      const before = this.known.get(id);
      const same = before?.version === version;
      const { series = [], stepsPerEpoch = null, epochSeconds = [], times = { steps: [], unix: [] } } = byId.get(id) ?? {};
      this.known.set(id, {
        version, stepsPerEpoch, epochSeconds, timed: options.times, times: { steps: Array.from(times.steps), unix: Array.from(times.unix) },
        asked: new Set([...(same ? before.asked : []), ...metrics]),
        series: new Map([...(same ? before.series : []), ...series.map((one) => [one.metric, new Series(one)])]),
      });
      this.ahead.filter(({ run }) => run === id).forEach((news) => this.append(news));
    }
  }

  /** Takes what came of runs, each after what was told of it before. */
  add(news) {
    if (this.reading) this.ahead.push(...news);
    news.forEach((one) => this.append(one));
  }

  append({ run, stepsPerEpoch, series, times }) {
    const known = this.known.get(run);
    // What is known of it is void, or nothing is: it is read whole.
    if (known?.version === undefined) return;
    known.stepsPerEpoch = stepsPerEpoch ?? known.stepsPerEpoch;
    times.steps.forEach((step, i) => {
      if (step <= (known.times.steps.at(-1) ?? -1)) return;
      known.times.steps.push(step);
      known.times.unix.push(times.unix[i]);
    });
    for (const one of series) {
      // A curve that was not read yet began before this.
      if (!known.asked.has(one.metric)) continue;
      if (!known.series.has(one.metric)) known.series.set(one.metric, new Series());
      known.series.get(one.metric).add(one);
    }
  }

  /** What is known of these runs may no longer be true; it stays in the picture until they are read again. */
  forget(ids) {
    this.reading?.abort();
    this.ahead = this.ahead.filter(({ run }) => !ids.includes(run));
    ids.forEach((id) => { if (this.known.has(id)) this.known.get(id).version = undefined; });
  }

  /** The curve of a run, in more detail where that was read for what is looked at. */
  seriesOf(run, metric, kind, zoom) {
    const closer = zoom && this.closer?.covers(kind, zoom) ? this.closer.series.get(`${run.id} ${run.version} ${metric}`) : undefined;
    const whole = this.known.get(run.id)?.series.get(metric);
    return closer && whole && run.live ? closer.followedBy(whole) : closer ?? whole;
  }

  /** Reads a stretch again where only buckets of it are known. False where there is nothing more to know, or a newer question came. */
  async readCloser(runs, metrics, kind, zoom) {
    // The page asks once more when the address has followed.
    const question = JSON.stringify([kind, zoom, metrics, runs.map(({ id, version }) => [id, version])]);
    if (question === this.question) return false;
    this.readingCloser?.abort();
    const { signal } = this.readingCloser = new AbortController();
    const width = zoom.to - zoom.from;
    const lacks = ({ id, version }, metric) => !this.closer.series.has(`${id} ${version} ${metric}`) && this.known.get(id)?.series.has(metric);
    // Detail that was read for a stretch four times as long has nothing more to show.
    if (this.closer?.covers(kind, zoom) && (this.closer.exact || this.closer.to - this.closer.from <= 4 * width) && !runs.some((run) => metrics.some((metric) => lacks(run, metric)))) return false;
    if (!runs.some(({ id }) => metrics.some((metric) => this.known.get(id)?.series.get(metric)?.bucketed))) return false;
    const [from, to] = [Math.max(0, zoom.from - margin * width), zoom.to + margin * width];
    const paces = new Map();
    for (const run of runs) {
      const history = this.known.get(run.id);
      const last = Math.max(...[...history?.series.values() ?? []].map(({ steps }) => steps.at(-1) ?? -1));
      const xOf = placesOf(kind, history ?? {}, run.samples);
      if (last < 0 || xOf(0) === null || xOf(0) > to || xOf(last) < from) continue;
      const steps = [stepsAround(xOf, from, last)[0], stepsAround(xOf, to, last)[1]];
      paces.set(steps.join('-'), { steps, runs: [...paces.get(steps.join('-'))?.runs ?? [], run] });
    }
    const asked = paces.size <= mostPaces ? [...paces.values()]
      : [{ steps: [Math.min(...[...paces.values()].map(({ steps }) => steps[0])), Math.max(...[...paces.values()].map(({ steps }) => steps[1]))], runs: [...paces.values()].flatMap((pace) => pace.runs) }];
    const buckets = bucketsFor(runs);
    const series = new Map();
    this.question = question;
    try {
      await Promise.all(asked.map(async ({ steps, runs: these }) => {
        const answer = await readMany(these.map(({ id }) => id), metrics, { from: steps[0], to: steps[1], buckets: 2 * buckets, times: false }, signal);
        const versions = new Map(these.map(({ id, version }) => [id, version]));
        answer.forEach(({ run, series: curves }) => curves.forEach((one) => series.set(`${run} ${versions.get(run)} ${one.metric}`, new Series(one))));
      }));
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    } finally {
      if (this.question === question) this.question = undefined;
    }
    this.closer = {
      from, to, series, exact: [...series.values()].every(({ bucketed }) => !bucketed),
      covers: (axis, { from: first, to: second }) => axis === kind && from <= first && to >= second,
    };
    return true;
  }

  stop() {
    this.reading?.abort();
    this.readingCloser?.abort();
  }
}
