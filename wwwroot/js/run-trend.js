// How a result of runs went over time, a dot for each run; a click on one opens it. Joined by a line the dots are nights, and one without a result is a gap in it;
// otherwise each has its run's colour, and a line of steps says what was best so far.
import { dayLength, exactToMinutes, marksBetween } from './clock.js';
import { chartIn, colour, finely, frameOf, labels, loadLibrary, percent, significant } from './charts.js';

class RunTrend {
  constructor(panel) {
    this.panel = panel;
    this.trend = { points: [] };
    this.onTheme = () => this.rebuild();
    this.sizes = new ResizeObserver(() => this.chart?.resize());
  }

  async start() {
    await loadLibrary();
    if (this.disposed) return;
    document.addEventListener('hub-theme', this.onTheme);
    this.sizes.observe(this.panel);
    this.rebuild();
  }

  /**
   * points: { at, value or null, when, name, run, colour, repeats }, the earliest first; isFraction: shown as per cent; isJoined: see above; isOfUtc: the points carry what other clocks than the
   * viewer's show, as if it were UTC; best: pairs of time and value; breaks: { at, words }, where the settings changed: no line joins what lies on both sides.
   */
  show(trend) {
    this.trend = trend;
    this.draw();
  }

  rebuild() {
    this.chart?.dispose();
    this.chart = chartIn(this.panel);
    this.chart.on('click', ({ data }) => { if (data?.run) Blazor.navigateTo(`/runs/${data.run}`); });
    this.draw();
  }

  draw() {
    if (this.disposed || !this.chart) return;
    const { points, isFraction, isJoined, isOfUtc, best, breaks } = this.trend;
    if (points.every(({ value }) => value === null)) { this.chart.clear(); return; }
    // A single run stands in the middle of its days.
    const [first, last] = [points[0].at, points.at(-1).at];
    const { minInterval, formatter } = marksBetween(first, last, isOfUtc ? 'UTC' : undefined);
    const frame = frameOf({
      chart: this.chart, isFraction,
      xAxis: {
        type: 'time', min: first === last ? first - dayLength : null, max: first === last ? last + dayLength : null, boundaryGap: ['2%', '2%'], minInterval,
        axisLabel: { ...labels(), hideOverlap: true, formatter },
      },
    });
    this.chart.setOption({
      ...frame,
      useUTC: isOfUtc,
      grid: { left: 60, right: 24, top: 16, bottom: 30 },
      tooltip: { ...frame.tooltip, trigger: 'item', formatter: ({ data }) => this.tooltip(data) },
      series: isJoined ? [this.joined(points, breaks ?? []), this.repeated(points)] : [this.steps(best), this.dots(points)],
    }, true);
  }

  joined(points, breaks) {
    const tint = colour('--curve-2');
    const broken = new Set(breaks.map(({ at }) => at));
    const onLine = (point) => this.dot(point.repeats ? { ...point, value: null } : point);
    // A point without a value before each break: the line ends there, and begins anew.
    const data = points.flatMap((point) => broken.has(point.at) ? [{ value: [point.at, null] }, onLine(point)] : [onLine(point)]);
    return {
      type: 'line', connectNulls: false, showSymbol: true, symbol: 'circle', symbolSize: 7, cursor: 'pointer',
      lineStyle: { width: 1.5, color: tint }, itemStyle: { color: tint }, data, markLine: this.marks(points, breaks),
    };
  }

  /** The same training once more: it is there, and says nothing new. */
  repeated(points) {
    const tint = colour('--quiet');
    return {
      type: 'scatter', symbol: 'emptyCircle', symbolSize: 7, cursor: 'pointer', itemStyle: { color: tint },
      data: points.filter(({ repeats, value }) => repeats && value !== null).map((point) => this.dot({ ...point, name: `${point.name}, repeats another` })),
    };
  }

  /** Between the last night with the old settings and the first with the new ones. */
  marks(points, breaks) {
    const quiet = colour('--quiet');
    return {
      silent: true, symbol: 'none', animation: false, lineStyle: { color: quiet, type: 'dashed', width: 1 },
      label: { color: quiet, fontSize: 11, position: 'insideEndTop', rotate: 0, align: 'left', overflow: 'truncate', width: 160, formatter: ({ data }) => data.words },
      data: breaks.map(({ at, words }) => {
        const before = points[points.findIndex((point) => point.at === at) - 1]?.at ?? at;
        return { xAxis: (before + at) / 2, words };
      }),
    };
  }

  dots(points) {
    const tints = new Map();
    const tintOf = (name) => tints.get(name) ?? tints.set(name, colour(`--run-${name}`)).get(name);
    return {
      type: 'scatter', symbol: 'circle', symbolSize: points.length > 200 ? 5 : 8, cursor: 'pointer', emphasis: { scale: 1.4 }, z: 3,
      data: points.map((point) => ({ ...this.dot(point), itemStyle: { color: tintOf(point.colour) } })),
    };
  }

  steps(best) {
    return { type: 'line', step: 'end', silent: true, showSymbol: false, z: 2, tooltip: { show: false }, lineStyle: { width: 1.5, color: colour('--quiet') }, data: best };
  }

  dot({ at, value, when, name, run }) { return { value: [at, value], when, name, run }; }

  tooltip({ value, when, name }) {
    const box = document.createElement('div');
    const { isFraction } = this.trend;
    const format = finely(this.chart, { isFraction, format: isFraction ? percent : significant });
    const time = when ?? exactToMinutes.format(value[0]);
    for (const text of [time, `${name}  ${format(value[1])}`]) {
      const row = document.createElement('div');
      row.textContent = text;
      row.style.fontVariantNumeric = 'tabular-nums';
      box.append(row);
    }
    return box;
  }

  dispose() {
    this.disposed = true;
    document.removeEventListener('hub-theme', this.onTheme);
    this.sizes.disconnect();
    this.chart?.dispose();
  }
}

export const create = (panel) => new RunTrend(panel);
