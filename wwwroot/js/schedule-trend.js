// How the accuracy of a schedule's runs went over its nights. A night without a finished run is a gap in the line; a click on a point opens its run.
import { colour, frameOf, labels, loadLibrary, percent } from './charts.js';

const days = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', day: 'numeric', month: 'short' });
const minutes = new Intl.DateTimeFormat(undefined, { timeZone: 'UTC', hour: '2-digit', minute: '2-digit' });
const dayLength = 86_400_000;

class ScheduleTrend {
  constructor(panel) {
    this.panel = panel;
    this.points = [];
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

  show(points) {
    this.points = points;
    this.draw();
  }

  rebuild() {
    this.chart?.dispose();
    this.chart = echarts.init(this.panel, null, { renderer: 'canvas' });
    this.chart.on('click', ({ data }) => { if (data?.run) Blazor.navigateTo(`/runs/${data.run}`); });
    this.draw();
  }

  draw() {
    if (this.disposed || !this.chart) return;
    const tested = this.points.filter((point) => point.accuracy !== null);
    if (tested.length === 0) { this.chart.clear(); return; }
    const tint = colour('--curve-2');
    // A single night stands in the middle of its days.
    const [first, last] = [this.points[0].clock, this.points.at(-1).clock];
    const long = first === last || last - first > dayLength;
    const frame = frameOf({
      isFraction: true,
      xAxis: {
        type: 'time', min: first === last ? first - dayLength : null, max: first === last ? last + dayLength : null, boundaryGap: ['2%', '2%'], minInterval: long ? dayLength : 60_000,
        axisLabel: { ...labels(), hideOverlap: true, formatter: (value) => (long ? days : minutes).format(value) },
      },
    });
    this.chart.setOption({
      ...frame,
      // The points carry the clock of the schedule's zone; nothing is to be moved to the viewer's.
      useUTC: true,
      grid: { left: 60, right: 24, top: 16, bottom: 30 },
      tooltip: { ...frame.tooltip, trigger: 'item', formatter: ({ data }) => this.tooltip(data) },
      series: [{
        type: 'line', connectNulls: false, showSymbol: true, symbol: 'circle', symbolSize: 7, cursor: 'pointer',
        lineStyle: { width: 1.5, color: tint }, itemStyle: { color: tint },
        data: this.points.map(({ clock, accuracy, due, name, run }) => ({ value: [clock, accuracy], due, name, run })),
      }],
    }, true);
  }

  tooltip({ value, due, name }) {
    const box = document.createElement('div');
    for (const text of [due, `${name}  ${percent(value[1])}`]) {
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

export const create = (panel) => new ScheduleTrend(panel);
