// The panels of one run. History comes over HTTP, already reduced to what a screen can show; afterwards an event stream brings only what is
// new and goes on where it was after a lost connection. Nothing of it passes through the page's circuit.
import { colour, curve, frameOf, loadLibrary, percent, significant, smooth, smoothing } from './charts.js';

const whole = (value) => Math.round(value).toLocaleString('en');
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const mebibytes = (value) => value / 1048576;
const panels = {
  loss: { metrics: { train_loss: 'train', test_loss: 'test' }, log: true, format: significant },
  accuracy: { metrics: { test_accuracy: 'test' }, isFraction: true, format: percent },
  learning_rate: { metrics: { learning_rate: 'learning rate' }, format: (value) => String(+value.toPrecision(6)) },
  speed: { metrics: { samples_per_second: 'images/s' }, format: whole },
  cpu: { metrics: { cpu_percent: 'CPU %' }, format: (value) => value.toFixed(0) },
  memory: { metrics: { memory_bytes: 'MiB' }, scale: mebibytes, format: whole },
};
const tints = { test_loss: '--curve-2', test_accuracy: '--curve-2' };
// As many buckets as a panel has pixels or so.
const buckets = 600;
// A page that stays open for days keeps what it can show, not all that ever came.
const mostPoints = 20_000;

/** What the person chose, for all runs, in this browser. */
const choices = {
  read() { try { return JSON.parse(localStorage.getItem('hub-charts') ?? '{}'); } catch { return {}; } },
  write(value) { try { localStorage.setItem('hub-charts', JSON.stringify(value)); } catch { /* A private window may refuse; the choice lasts as long as the page. */ } },
};

class Series {
  constructor() { this.steps = []; this.values = []; this.low = []; this.high = []; }

  get last() { return this.steps.at(-1) ?? -1; }

  add({ steps, values, min, max }) {
    steps.forEach((step, i) => {
      if (step <= this.last) return;
      this.steps.push(step);
      // NaN and infinities come as words; the curve has a gap there.
      this.values.push(typeof values[i] === 'number' ? values[i] : null);
      this.low.push(min && typeof min[i] === 'number' ? min[i] : this.values.at(-1));
      this.high.push(max && typeof max[i] === 'number' ? max[i] : this.values.at(-1));
    });
    if (this.steps.length > mostPoints) {
      for (const column of ['steps', 'values', 'low', 'high']) this[column] = this[column].filter((_, i) => i % 2 === 1 || i === this[column].length - 1);
    }
  }
}

class RunCharts {
  constructor(root, run, epochs, live) {
    [this.root, this.run, this.epochs, this.live] = [root, run, epochs, live];
    this.series = {};
    this.times = { steps: [], unix: [] };
    this.charts = {};
    this.choice = { axis: 'epoch', log: false, smoothing: smoothing.weight, more: false, ...choices.read() };
    this.onTheme = () => this.rebuild();
    // A browser opens six connections to a host and no more: a page in the background gives its one back, and catches up when it is looked at.
    this.onVisibility = () => { if (document.hidden) this.stream?.close(); else this.follow(); };
    this.onChoice = (event) => this.choose(event.target);
    this.sizes = new ResizeObserver(() => Object.values(this.charts).forEach((chart) => chart.resize()));
  }

  async start() {
    const [, history] = await Promise.all([loadLibrary(), this.read()]);
    if (this.disposed) return;
    this.take(history);
    this.root.addEventListener('input', this.onChoice);
    this.root.addEventListener('click', (event) => { if (event.target.closest('[data-save-picture]')) this.savePicture(event.target.closest('figure')); });
    this.root.querySelector('details').addEventListener('toggle', (event) => this.remember({ more: event.target.open }));
    document.addEventListener('hub-theme', this.onTheme);
    this.showChoice();
    this.rebuild();
    this.sizes.observe(this.root);
    if (!this.live) return;
    document.addEventListener('visibilitychange', this.onVisibility);
    this.onVisibility();
  }

  async read() {
    const response = await fetch(`/api/v1/runs/${this.run}/series?buckets=${buckets}`, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`The curves could not be read (${response.status}).`);
    return response.json();
  }

  follow() {
    const after = Object.entries(this.series).map(([metric, series]) => `${metric}:${series.last}`).join(',');
    this.stream?.close();
    this.stream = new EventSource(`/api/v1/runs/${this.run}/live?after=${encodeURIComponent(after)}`);
    this.stream.addEventListener('points', (event) => {
      this.take(JSON.parse(event.data));
      this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.draw(); });
    });
    this.stream.addEventListener('end', () => {
      document.removeEventListener('visibilitychange', this.onVisibility);
      this.stream.close();
    });
  }

  take({ stepsPerEpoch, series, times }) {
    times.steps.forEach((step, i) => { if (step > (this.times.steps.at(-1) ?? -1)) { this.times.steps.push(step); this.times.unix.push(times.unix[i]); } });
    this.stepsPerEpoch = stepsPerEpoch ?? this.stepsPerEpoch;
    series.forEach((one) => (this.series[one.metric] ??= new Series()).add(one));
  }

  showChoice() {
    this.root.querySelectorAll('[name="chart-axis"]').forEach((input) => { input.checked = input.value === this.choice.axis; });
    this.root.querySelector('[name="chart-log"]').checked = this.choice.log;
    this.root.querySelector('[name="chart-smoothing"]').value = this.choice.smoothing;
    this.root.querySelector('details').open = this.choice.more;
  }

  choose(input) {
    if (input.name === 'chart-axis') this.remember({ axis: input.value });
    else if (input.name === 'chart-log') this.remember({ log: input.checked });
    else if (input.name === 'chart-smoothing') this.remember({ smoothing: Number(input.value) });
  }

  remember(change) {
    this.choice = { ...this.choice, ...change };
    choices.write(this.choice);
    this.rebuild();
  }

  rebuild() {
    if (this.disposed) return;
    for (const [name, panel] of Object.entries(panels)) {
      const place = this.root.querySelector(`[data-panel="${name}"]`);
      this.charts[name]?.dispose();
      delete this.charts[name];
      if (place.clientWidth === 0) continue; // folded away
      const chart = this.charts[name] = echarts.init(place, null, { renderer: 'canvas' });
      const frame = frameOf({ isFraction: panel.isFraction ?? false, format: panel.format, ...this.axis() });
      if (panel.log && this.choice.log) Object.assign(frame.yAxis, { type: 'log' });
      // Dragging over a panel or turning the wheel with Ctrl looks closer; all panels look at the same stretch.
      frame.dataZoom = [{ type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseMove: true, filterMode: 'none' }];
      chart.group = `run-${this.run}`;
      chart.setOption(frame);
    }

    echarts.connect(`run-${this.run}`);
    this.draw();
  }

  draw() {
    if (this.disposed) return;
    for (const [name, chart] of Object.entries(this.charts)) chart.setOption({ series: this.curves(panels[name]) });
    this.root.querySelectorAll('figure').forEach((figure) => {
      const metrics = Object.keys(panels[figure.querySelector('[data-panel]').dataset.panel].metrics);
      figure.toggleAttribute('data-empty', metrics.every((metric) => !this.series[metric]?.steps.length));
    });
  }

  axis() {
    return {
      epoch: { xAxis: { max: this.epochs, minInterval: this.epochs > 1 ? 1 : 0, name: 'epoch' }, title: (x) => `epoch ${x.toFixed(2)}` },
      step: { xAxis: { name: 'step' }, title: (x) => `step ${whole(x)}` },
      relative: { xAxis: { name: 'seconds since the first step' }, title: (x) => `${x.toFixed(1)} s after the first step` },
      wall: { xAxis: { type: 'time', min: null }, title: (x) => clock.format(x) },
    }[this.choice.axis];
  }

  /** Unix milliseconds of a step; between two known ones time is taken as even. */
  timeOf(step) {
    const { steps, unix } = this.times;
    let [low, high] = [0, steps.length - 1];
    if (high < 1 || step <= steps[0]) return unix[0] ?? null;
    if (step >= steps[high]) return unix[high];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (steps[middle] <= step) low = middle; else high = middle;
    }
    return unix[low] + ((unix[high] - unix[low]) * (step - steps[low])) / (steps[high] - steps[low]);
  }

  xOf(step) {
    return {
      epoch: () => step / (this.stepsPerEpoch || 1),
      step: () => step,
      relative: () => (this.timeOf(step) - this.times.unix[0]) / 1000,
      wall: () => this.timeOf(step),
    }[this.choice.axis]();
  }

  curves({ metrics, scale = (value) => value }) {
    return Object.entries(metrics).flatMap(([metric, word]) => {
      const series = this.series[metric] ?? new Series();
      const points = (column) => series.steps.map((step, i) => [this.xOf(step), series[column][i] === null ? null : scale(series[column][i])]);
      const tint = colour(tints[metric] ?? '--curve-1');
      const data = points('values');
      if (metric !== 'train_loss' || data.length <= smoothing.from || this.choice.smoothing === 0) {
        return metric === 'train_loss' ? [curve('', [], tint), curve('', [], tint), curve(word, data, tint)] : [curve(word, data, tint)];
      }
      // Behind the smoothed curve stands what really was: from the least to the greatest value of each bucket.
      return [
        curve('', points('low'), tint, { opacity: 0.25, z: 1 }), curve('', points('high'), tint, { opacity: 0.25, z: 1 }),
        curve(word, smooth(data, this.choice.smoothing), tint),
      ];
    });
  }

  savePicture(figure) {
    const name = figure.querySelector('[data-panel]').dataset.panel;
    const link = document.createElement('a');
    link.href = this.charts[name].getDataURL({ pixelRatio: 2, backgroundColor: colour('--surface') });
    link.download = `${this.run}-${name}.png`;
    link.click();
  }

  dispose() {
    this.disposed = true;
    this.stream?.close();
    cancelAnimationFrame(this.frame);
    document.removeEventListener('hub-theme', this.onTheme);
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.sizes.disconnect();
    Object.values(this.charts).forEach((chart) => chart.dispose());
  }
}

/** Makes the panels of a run inside an element; `start` reads the history and, for a live run, follows it. */
export const create = (root, run, epochs, live) => new RunCharts(root, run, epochs, live);
