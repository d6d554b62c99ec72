// Where the points come from: history over HTTP in columns, then an event stream that brings only what is new. Nothing of it passes through the page's circuit.

const mediaType = 'application/vnd.experimenthub.series';
const columnTypes = { i4: Int32Array, f4: Float32Array, f8: Float64Array };
const retryAfter = [1_000, 2_000, 5_000];

/** The header of the binary form of series (SeriesBinary.cs says what it looks like), and what makes objects with typed arrays of its parts. */
const open = (buffer) => {
  const bytes = new DataView(buffer);
  if (bytes.getUint32(0) !== 0x45485331) throw new Error('The hub sent curves in a form that this page does not know. Reload the page.'); // "EHS1"
  const body = 8 + bytes.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, body - 8)));
  const columns = (one) => Object.fromEntries(Object.entries(one).map(([name, value]) => (
    Array.isArray(value) ? [name, new columnTypes[value[0]](buffer, body + value[1], value[2])] : [name, value])));
  const curves = ({ series, times, ...rest }) => ({ ...columns(rest), series: series.map(columns), times: columns(times) });
  return { header, curves };
};

export const decode = (buffer) => {
  const { header, curves } = open(buffer);
  return curves(header);
};

const ask = async (address, signal, missing) => {
  const response = await fetch(address, { headers: { accept: mediaType }, signal }).catch((error) => {
    throw signal.aborted ? error : new Error('The hub does not answer.');
  });
  if (!response.ok) throw new Error(response.status === 404 && missing ? missing : `The hub answered with an error (${response.status}).`);
  return response.arrayBuffer();
};

/** Reads the curves of a run, reduced to buckets; all of them and all steps where nothing else is asked for. */
export const read = async (run, { metrics, from, to, buckets }, signal) => {
  const query = new URLSearchParams({ buckets });
  if (metrics) query.set('metrics', metrics.join(','));
  if (from !== undefined) query.set('from', from);
  if (to !== undefined) query.set('to', to);
  return decode(await ask(`/api/v1/runs/${run}/series?${query}`, signal, 'The run was deleted meanwhile.'));
};

/** Reads some curves of many runs in one request, all steps of them where nothing else is asked for; runs that are gone are not in the answer. */
export const readMany = async (runs, metrics, { from, to, buckets, times }, signal) => {
  const query = new URLSearchParams({ metrics: metrics.join(','), buckets, times });
  if (from !== undefined) query.set('from', from);
  if (to !== undefined) query.set('to', to);
  const { header, curves } = open(await ask(`/api/v1/series?runs=${runs.join(',')}&${query}`, signal));
  return header.runs.map(curves);
};

/**
 * Reads what there is and then takes what comes. Whenever it may have missed something (back from the background, after a lost connection or a new start of the hub, after the run
 * went back to a checkpoint) it reads everything again: that costs no more than the first time, and is right in every case.
 */
export class Source {
  /** @param told `history` and `points` take what came; `problem` takes what to say while nothing can be read, undefined once it can. */
  constructor(run, buckets, told) {
    [this.run, this.buckets, this.told] = [run, buckets, told];
    this.failures = 0;
    // A browser opens six connections to a host and no more: a page in the background gives its one back.
    this.onVisibility = () => { if (document.hidden) this.hangUp(); else this.read(); };
  }

  start(live) {
    this.live = live;
    if (live) document.addEventListener('visibilitychange', this.onVisibility);
    this.read();
  }

  async read() {
    this.hangUp();
    const reading = this.reading = new AbortController();
    try {
      const history = await read(this.run, { buckets: this.buckets }, reading.signal);
      if (reading !== this.reading) return;
      this.failures = 0;
      this.told.problem();
      this.told.history(history);
      if (this.live && !document.hidden) this.follow(history);
    } catch (error) {
      if (reading === this.reading) this.retry(error);
    }
  }

  follow({ series }) {
    const after = series.filter(({ steps }) => steps.length > 0).map(({ metric, steps }) => `${metric}:${steps.at(-1)}`).join(',');
    const stream = this.stream = new EventSource(`/api/v1/runs/${this.run}/live?after=${encodeURIComponent(after)}`);
    stream.addEventListener('points', (event) => this.told.points(JSON.parse(event.data)));
    stream.addEventListener('back', () => this.read());
    stream.addEventListener('end', () => {
      this.live = false;
      this.stop();
    });
    // The browser would connect again by itself, but what came meanwhile could be more than a stream brings, or be other points.
    stream.addEventListener('error', () => { this.hangUp(); this.retry(); });
  }

  retry(error) {
    if (error) this.told.problem(error.message);
    this.timer = setTimeout(() => this.read(), retryAfter[Math.min(this.failures++, retryAfter.length - 1)]);
  }

  hangUp() {
    clearTimeout(this.timer);
    this.reading?.abort();
    this.reading = undefined;
    this.stream?.close();
    this.stream = undefined;
  }

  stop() {
    this.hangUp();
    document.removeEventListener('visibilitychange', this.onVisibility);
  }
}
