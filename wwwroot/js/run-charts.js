// The curves of one run. History comes over HTTP; afterwards the page hands in only what is new. Points are told apart by their step, so
// that a point that comes twice is drawn once.
import { colour, curve, frameOf, loadLibrary, smooth, smoothing } from './charts.js';

class Series {
  constructor() { this.points = []; this.lastStep = 0; }

  add(steps, values, stepsPerEpoch) {
    for (let i = 0; i < steps.length; i++) {
      if (steps[i] <= this.lastStep) continue;
      this.lastStep = steps[i];
      // NaN and infinities come as words or as null; the curve has a gap there.
      this.points.push([steps[i] / stepsPerEpoch, typeof values[i] === 'number' ? values[i] : null]);
    }
  }
}

class RunCharts {
  constructor(panels, epochs) {
    this.panels = panels;
    this.epochs = epochs;
    this.stepsPerEpoch = 0;
    this.series = { train_loss: new Series(), test_loss: new Series(), test_accuracy: new Series() };
    this.charts = {};
    this.onTheme = () => this.rebuild();
    this.sizes = new ResizeObserver(() => Object.values(this.charts).forEach((chart) => chart.resize()));
  }

  async start(url) {
    const [, history] = await Promise.all([loadLibrary(), this.read(url)]);
    this.stepsPerEpoch = history.stepsPerEpoch ?? 0;
    if (this.stepsPerEpoch) history.series.forEach(({ metric, steps, values }) => this.series[metric]?.add(steps, values, this.stepsPerEpoch));
    if (this.disposed) return 0;
    document.addEventListener('hub-theme', this.onTheme);
    Object.values(this.panels).forEach((panel) => this.sizes.observe(panel));
    this.rebuild();
    return this.series.train_loss.lastStep;
  }

  async read(url) {
    const response = await fetch(url, { headers: { accept: 'application/json' } });
    if (!response.ok) throw new Error(`The curves could not be read (${response.status}).`);
    return response.json();
  }

  append(stepsPerEpoch, additions) {
    if (this.disposed || !stepsPerEpoch) return;
    this.stepsPerEpoch = stepsPerEpoch;
    additions.forEach(({ metric, steps, values }) => this.series[metric].add(steps, values, stepsPerEpoch));
    this.frame ??= requestAnimationFrame(() => { this.frame = undefined; this.draw(); });
  }

  rebuild() {
    for (const [name, panel] of Object.entries(this.panels)) {
      this.charts[name]?.dispose();
      this.charts[name] = echarts.init(panel, null, { renderer: 'canvas' });
      this.charts[name].setOption(frameOf({
        isFraction: name === 'accuracy',
        xAxis: { max: this.epochs, minInterval: this.epochs > 1 ? 1 : 0, name: 'epoch' },
        title: (x) => `epoch ${x.toFixed(2)}`,
      }));
    }
    this.draw();
  }

  draw() {
    if (this.disposed || !this.charts.loss) return;
    const train = this.series.train_loss.points;
    const noisy = train.length > smoothing.from;
    this.charts.loss.setOption({
      series: [
        curve('', noisy ? train : [], colour('--curve-1'), { opacity: 0.25, z: 1 }),
        curve('train', noisy ? smooth(train, smoothing.weight) : train, colour('--curve-1')),
        curve('test', this.series.test_loss.points, colour('--curve-2')),
      ],
    });
    this.charts.accuracy.setOption({ series: [curve('test', this.series.test_accuracy.points, colour('--curve-2'))] });
  }

  dispose() {
    this.disposed = true;
    cancelAnimationFrame(this.frame);
    document.removeEventListener('hub-theme', this.onTheme);
    this.sizes.disconnect();
    Object.values(this.charts).forEach((chart) => chart.dispose());
  }
}

/** Makes the charts of a run in two elements; `start` reads the history and answers the step of its last point. */
export const create = (loss, accuracy, epochs) => new RunCharts({ loss, accuracy }, epochs);
