// The curves of several runs over each other. Each run's history is read once and again only when its version changes.
import { colour, curve, frameOf, loadLibrary, smooth, smoothing } from './charts.js';

const dashes = ['solid', [6, 4], [2, 3]];
const axes = {
  epoch: { name: 'epoch', max: ({ max }) => Math.ceil(max), minInterval: 1, title: (x) => `epoch ${x.toFixed(2)}` },
  step: { name: 'step', title: (x) => `step ${Math.round(x).toLocaleString('en')}` },
  time: { name: 'seconds of training', title: (x) => `${x.toFixed(1)} s of training` },
};

/** Seconds of training at a fraction of an epoch: whole epochs as measured, the rest at the pace of the last one. */
const secondsAt = (epoch, seconds) => {
  const done = Math.min(Math.floor(epoch), seconds.length);
  const before = seconds.slice(0, done).reduce((sum, value) => sum + value, 0);
  return before + (epoch - done) * (seconds[done] ?? seconds.at(-1) ?? 0);
};

class CompareCharts {
  constructor(panels) {
    this.panels = panels;
    this.charts = {};
    this.histories = new Map();
    this.onTheme = () => this.rebuild();
    this.sizes = new ResizeObserver(() => Object.values(this.charts).forEach((chart) => chart.resize()));
  }

  async show(axis, runs) {
    const asked = this.asked = Symbol('the newest question');
    const library = loadLibrary();
    await Promise.all(runs.map((run) => this.read(run)));
    await library;
    // A slower answer to an older question must not replace the newer one.
    if (this.disposed || this.asked !== asked) return;
    [this.axis, this.runs] = [axis, runs];
    this.rebuild();
    if (this.listening) return;
    this.listening = true;
    document.addEventListener('hub-theme', this.onTheme);
    Object.values(this.panels).forEach((panel) => this.sizes.observe(panel));
  }

  async read({ id, version }) {
    if (this.histories.get(id)?.version === version) return;
    const response = await fetch(`/api/v1/runs/${id}/series?metrics=train_loss,test_loss,test_accuracy&buckets=600`, { headers: { accept: 'application/json' } });
    if (response.status === 404) return;
    if (!response.ok) throw new Error(`A curve could not be read (${response.status}).`);
    const { stepsPerEpoch, series } = await response.json();
    this.histories.set(id, { version, stepsPerEpoch, series: Object.fromEntries(series.map((one) => [one.metric, one])) });
  }

  points(run, metric) {
    const history = this.histories.get(run.id);
    const series = history?.series[metric];
    if (!series || !history.stepsPerEpoch) return [];
    const xOf = {
      epoch: (step) => step / history.stepsPerEpoch,
      step: (step) => step,
      time: (step) => secondsAt(step / history.stepsPerEpoch, run.seconds),
    }[this.axis];
    // NaN and infinities come as words or as null; the curve has a gap there.
    return series.steps.map((step, i) => [xOf(step), typeof series.values[i] === 'number' ? series.values[i] : null]);
  }

  rebuild() {
    const { title, ...xAxis } = axes[this.axis];
    for (const [metric, panel] of Object.entries(this.panels)) {
      this.charts[metric]?.dispose();
      const chart = this.charts[metric] = echarts.init(panel, null, { renderer: 'canvas' });
      chart.setOption(frameOf({ isFraction: metric === 'test_accuracy', xAxis, title }));
      chart.setOption({ series: this.runs.flatMap((run) => this.curves(run, metric)) });
    }
  }

  curves(run, metric) {
    const points = this.points(run, metric);
    const tint = colour(`--run-${run.colour}`);
    const dash = dashes[run.dash];
    if (points.length <= smoothing.from) return [curve(run.name, points, tint, { dash })];
    return [curve('', points, tint, { opacity: 0.25, z: 1 }), curve(run.name, smooth(points, smoothing.weight), tint, { dash })];
  }

  dispose() {
    this.disposed = true;
    document.removeEventListener('hub-theme', this.onTheme);
    this.sizes.disconnect();
    Object.values(this.charts).forEach((chart) => chart.dispose());
  }
}

/** Makes the three charts of a comparison in their elements; `show` draws runs over an axis. */
export const create = (train_loss, test_accuracy, test_loss) => new CompareCharts({ train_loss, test_accuracy, test_loss });
