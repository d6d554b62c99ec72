// How the accuracy of a schedule's runs went over its nights. A night without a finished run is a gap in the line; a click on a point opens its run.
import { colour, loadLibrary } from './run-charts.js';

const percent = (value, digits) => `${(value * 100).toFixed(digits)} %`;

/** A little room around the values, but never beyond what a fraction can be. */
const room = (min, max) => Math.max(0.001, (max - min) * 0.2);

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
    const [quiet, line, tint] = [colour('--quiet'), colour('--line'), colour('--curve-2')];
    const font = { color: quiet, fontSize: 11, fontFamily: getComputedStyle(document.body).fontFamily };
    this.chart.setOption({
      animation: false,
      // The points carry the clock of the schedule's zone; nothing is to be moved to the viewer's.
      useUTC: true,
      grid: { left: 60, right: 24, top: 16, bottom: 30 },
      textStyle: { fontFamily: font.fontFamily },
      xAxis: {
        type: 'time', boundaryGap: ['2%', '2%'], axisLabel: { ...font, hideOverlap: true }, axisLine: { lineStyle: { color: line } },
        axisTick: { lineStyle: { color: line } }, splitLine: { show: false },
      },
      yAxis: {
        type: 'value', scale: true, splitNumber: 4, axisLabel: { ...font, formatter: (value) => percent(value, 1) },
        axisLine: { show: false }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } },
        min: ({ min, max }) => Math.max(0, Math.floor((min - room(min, max)) * 1000) / 1000),
        max: ({ min, max }) => Math.min(1, Math.ceil((max + room(min, max)) * 1000) / 1000),
      },
      tooltip: {
        trigger: 'item', transitionDuration: 0, confine: true, backgroundColor: colour('--surface'), borderColor: colour('--line-strong'), padding: [6, 10],
        textStyle: { color: colour('--text'), fontSize: 12 }, formatter: ({ data }) => this.tooltip(data),
      },
      series: [{
        type: 'line', connectNulls: false, showSymbol: true, symbol: 'circle', symbolSize: 7, cursor: 'pointer',
        lineStyle: { width: 1.5, color: tint }, itemStyle: { color: tint },
        data: this.points.map(({ clock, accuracy, due, name, run }) => ({ value: [clock, accuracy], due, name, run })),
      }],
    }, true);
  }

  tooltip({ value, due, name }) {
    const box = document.createElement('div');
    for (const text of [due, `${name}  ${percent(value[1], 2)}`]) {
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
