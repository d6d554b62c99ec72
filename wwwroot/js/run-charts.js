// The curves of one run. History comes over HTTP; afterwards the page hands in only what is new. Points are told apart by their step, so
// that a point that comes twice is drawn once.
const library = '/_content/Vizor.ECharts/js/vizor-echarts-bundle-min.js';
let loading;

export const loadLibrary = () => loading ??= new Promise((resolve, reject) => {
  if (globalThis.echarts) { resolve(); return; }
  const script = document.createElement('script');
  script.src = library;
  script.onload = resolve;
  script.onerror = () => { loading = undefined; reject(new Error('The chart library could not be loaded.')); };
  document.head.append(script);
});

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Weighted towards the newest points; corrected for the start, where there is nothing to average with. */
const smooth = (points, weight) => {
  let sum = 0;
  let norm = 0;
  return points.map(([x, y]) => {
    if (y === null) return [x, y];
    sum = sum * weight + y * (1 - weight);
    norm = norm * weight + (1 - weight);
    return [x, sum / norm];
  });
};

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

const significant = (value) => value.toPrecision(4);
const percent = (value) => `${(value * 100).toFixed(2)} %`;

/** A little room around the values, but never beyond what a fraction can be. */
const fractionRange = {
  min: ({ min, max }) => Math.max(0, Math.floor((min - room(min, max)) * 200) / 200),
  max: ({ min, max }) => Math.min(1, Math.ceil((max + room(min, max)) * 200) / 200),
};
const room = (min, max) => Math.max(0.002, (max - min) * 0.08);

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
      this.charts[name].setOption(this.frameOf(name === 'accuracy' ? percent : significant, name === 'accuracy'));
    }
    this.draw();
  }

  frameOf(format, isFraction) {
    const quiet = colour('--quiet');
    const line = colour('--line');
    const font = { color: quiet, fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily };
    return {
      animation: false,
      grid: { left: 52, right: 16, top: 12, bottom: 34 },
      textStyle: { fontFamily: font.fontFamily },
      xAxis: {
        type: 'value', min: 0, max: this.epochs, minInterval: this.epochs > 1 ? 1 : 0, name: 'epoch', nameLocation: 'middle', nameGap: 22, nameTextStyle: font,
        axisLabel: { ...font, hideOverlap: true }, axisLine: { lineStyle: { color: line } }, axisTick: { lineStyle: { color: line } }, splitLine: { show: false },
      },
      yAxis: {
        type: 'value', scale: true, splitNumber: 4,
        axisLabel: { ...font, formatter: (value) => (isFraction ? `${+(value * 100).toFixed(1)} %` : `${+value.toPrecision(3)}`) },
        axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } },
        ...(isFraction ? fractionRange : {}),
      },
      tooltip: {
        trigger: 'axis', transitionDuration: 0, confine: true, backgroundColor: colour('--surface'), borderColor: colour('--line-strong'), padding: [6, 10],
        textStyle: { color: colour('--text'), fontSize: 12 }, axisPointer: { lineStyle: { color: colour('--line-strong') } },
        formatter: (hits) => this.tooltip(hits, format),
      },
    };
  }

  tooltip(hits, format) {
    const box = document.createElement('div');
    box.textContent = `epoch ${hits[0].value[0].toFixed(2)}`;
    hits.filter((hit) => hit.seriesName && hit.value[1] !== null).sort((a, b) => b.value[1] - a.value[1]).forEach((hit) => {
      const row = document.createElement('div');
      row.textContent = `${hit.seriesName}  ${format(hit.value[1])}`;
      row.style.color = hit.color;
      row.style.fontVariantNumeric = 'tabular-nums';
      box.append(row);
    });
    return box;
  }

  draw() {
    if (this.disposed || !this.charts.loss) return;
    const train = this.series.train_loss.points;
    const noisy = train.length > 50;
    const line = (name, data, tint, extra = {}) => ({
      name, type: 'line', data, showSymbol: data.length <= 50, symbolSize: 4, symbol: 'circle', sampling: 'minmax', emphasis: { disabled: true },
      lineStyle: { width: 1.5, color: tint, ...extra.lineStyle }, itemStyle: { color: tint }, z: extra.z ?? 2,
    });
    this.charts.loss.setOption({
      series: [
        // Without a name it stays out of the tooltip: the smoothed curve speaks for it.
        line('', noisy ? train : [], colour('--curve-1'), { lineStyle: { opacity: 0.25 }, z: 1 }),
        line('train', noisy ? smooth(train, 0.85) : train, colour('--curve-1')),
        line('test', this.series.test_loss.points, colour('--curve-2')),
      ],
    });
    this.charts.accuracy.setOption({ series: [line('test', this.series.test_accuracy.points, colour('--curve-2'))] });
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
