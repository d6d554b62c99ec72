// <compare-relations runs="[…]" view="{…}">: parallel coordinates and a scatter of the compared runs, in the places that the page has for them. What is brushed there is kept in view everywhere.
import { chartIn, colour, finely, labelledBy, labels, loadLibrary, percent } from './charts.js';
import { Told } from './compare/address.js';
import { intervalsOf, isKept, keep, valuesOf } from './compare/brush.js';
import { tintOf } from './compare/tints.js';

const short = (value) => String(+value.toPrecision(4));
const textOf = ({ words, fraction }, value, chart, name) => {
  if (value === null || value === undefined) return '–';
  return words ? value : finely(chart, { isFraction: fraction, format: fraction ? percent : short }, name)(value);
};
const kindOf = ({ log, fraction }) => ({ isLog: log, isFraction: fraction });
const shortened = (word) => (word.length > 14 ? `${word.slice(0, 13)}…` : word);
const typeOf = ({ words, log }) => (words ? 'category' : log ? 'log' : 'value');
const dimmed = 0.06;

class CompareRelations extends HTMLElement {
  static observedAttributes = ['runs', 'view'];

  connectedCallback() {
    this.charts = new Map();
    this.told = new Told();
    this.ends = new AbortController();
    const { signal } = this.ends;
    document.addEventListener('hub-theme', () => { this.drawn = undefined; this.draw(); }, { signal });
    document.addEventListener('hub-brush', () => this.drawScatter(), { signal });
    this.sizes = new ResizeObserver(() => this.charts.forEach((chart) => chart.resize()));
    this.sizes.observe(this);
    // Charts far below are drawn when a person gets near them.
    this.sight = new IntersectionObserver((entries) => this.see(entries), { rootMargin: '300px' });
    this.sight.observe(this);
    this.read();
  }

  disconnectedCallback() {
    this.ends.abort();
    this.told.stop();
    this.sizes.disconnect();
    this.sight.disconnect();
    this.charts.forEach((chart) => chart.dispose());
    keep(undefined, []);
  }

  attributeChangedCallback() {
    if (!this.told || this.asked) return;
    this.asked = true;
    queueMicrotask(() => {
      this.asked = false;
      if (this.isConnected) this.read();
    });
  }

  /** What the page asks for. Runs are dimmed even while the drawings are still far below. */
  read() {
    this.runs = JSON.parse(this.getAttribute('runs'));
    this.view = JSON.parse(this.getAttribute('view'));
    // While a hand is still at it, an earlier answer of the page says nothing new.
    if (this.told.isNews(JSON.stringify(this.view.axes.map(({ brush }) => brush)))) keep(this.runs.every(({ kept }) => kept) ? undefined : this.runs.filter(({ kept }) => kept).map(({ id }) => id), this.runs);
    if (this.seen) this.draw();
  }

  async see(entries) {
    if (this.seen || !entries.some(({ isIntersecting }) => isIntersecting)) return;
    this.seen = true;
    await loadLibrary();
    if (this.isConnected) this.draw();
  }

  draw() {
    if (!globalThis.echarts) return;
    this.drawParallel();
    this.drawScatter();
  }

  chartOf(place) {
    if (!place) return undefined;
    if (!this.charts.has(place)) this.charts.set(place, chartIn(place));
    return this.charts.get(place);
  }

  /** Words lie at 0, 1, 2…: on an axis of categories ECharts keeps no area that ends between two of them. */
  drawParallel() {
    const place = this.querySelector('[data-parallel]');
    const chart = this.chartOf(place);
    if (!chart) return;
    const { axes } = this.view;
    // What is brushed is no reason to draw anew: that would take the area from under the hand.
    const what = JSON.stringify([this.runs, axes].map((list) => list.map(({ kept, brush, ...rest }) => rest)));
    if (what === this.drawn && this.told.isWaiting) return;
    if (what === this.drawn) {
      this.showBrushes(chart);
      return;
    }
    this.drawn = what;
    const font = labels();
    const line = { lineStyle: { color: colour('--line-strong') } };
    chart.setOption({
      animation: false, textStyle: { fontFamily: font.fontFamily },
      parallel: { left: 60, right: 90, top: 40, bottom: 20 },
      parallelAxis: axes.map((axis, dim) => ({
        dim, name: axis.name, type: axis.log ? 'log' : 'value', scale: true, ...(axis.words ? { min: -0.5, max: axis.words.length - 0.5 } : {}),
        nameTextStyle: { ...font, width: 100, overflow: 'truncate' }, axisLine: line, axisTick: { ...line, customValues: axis.words?.map((_, i) => i) }, minorTick: { show: false },
        z: 10, axisLabel: { ...font, backgroundColor: colour('--surface'), padding: [1, 3], customValues: axis.words?.map((_, i) => i), formatter: axis.words ? (value) => shortened(axis.words[value]) : labelledBy(chart, 'parallelAxis', kindOf(axis), dim) },
        areaSelectStyle: { width: 16 },
      })),
      series: [{
        type: 'parallel', smooth: false, inactiveOpacity: dimmed, activeOpacity: 0.9, progressive: 0, lineStyle: { width: 1.5, opacity: 0.8 },
        data: this.runs.map((run, i) => ({ name: run.name, value: axes.map(({ values, words }) => (words && values[i] !== null ? words.indexOf(values[i]) : values[i]) ?? '-'), lineStyle: { color: tintOf(run).tint } })),
      }],
    }, { notMerge: true });
    this.showBrushes(chart);
    chart.off('rendered');
    chart.on('rendered', () => this.tintBrushes(chart));
    chart.off('axisareaselected');
    chart.on('axisareaselected', () => {
      const brushes = axes.map((axis, i) => valuesOf(axis, chart.getModel().getComponent('parallelAxis', i).activeIntervals));
      const active = chart.getModel().getSeriesByIndex(0).getRawIndicesByActiveState('active');
      keep(brushes.some((brush) => brush) ? active.map((i) => this.runs[i].id) : undefined, this.runs);
      this.told.tell('keep', axes.flatMap(({ key }, i) => (brushes[i] ? [[key, ...brushes[i].map(encodeURIComponent)].join(':')] : [])), JSON.stringify(brushes));
    });
  }

  /** Lays the areas of what the page says is brushed over the axes. */
  showBrushes(chart) {
    this.view.axes.forEach((axis, i) => chart.dispatchAction({ type: 'axisAreaSelect', parallelAxisIndex: i, intervals: intervalsOf(axis) }, { silent: true, flush: true }));
    chart.resize(); // the areas follow only when the axes are drawn
  }

  /** In the theme's colour: ECharts draws areas that no hand has drawn in a grey of its own. */
  tintBrushes(chart) {
    const fill = colour('--accent');
    for (const shape of chart.getZr().storage.getDisplayList()) {
      if (shape.name === 'main' && shape.cursor === 'move' && shape.style.fill !== fill) shape.setStyle({ fill, stroke: fill, lineWidth: 1, opacity: 0.35 });
    }
  }

  drawScatter() {
    const chart = this.seen && globalThis.echarts && this.runs ? this.chartOf(this.querySelector('[data-scatter]')) : undefined;
    if (!chart) return;
    const { x, y } = this.view;
    const font = labels();
    const line = colour('--line');
    const axis = (name, of, other) => ({
      name: of.name, nameLocation: 'middle', nameTextStyle: font, type: typeOf(of), scale: true, ...(of.words ? { data: of.words } : {}),
      axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } },
      axisLabel: { ...font, hideOverlap: true, ...(of.words ? {} : { formatter: labelledBy(chart, name, kindOf(of)) }) }, ...other,
    });
    const box = (words) => {
      const made = document.createElement('div');
      made.textContent = words;
      return made;
    };
    chart.setOption({
      animation: false, textStyle: { fontFamily: font.fontFamily }, grid: { left: 72, right: 20, top: 16, bottom: 46 },
      xAxis: axis('xAxis', x, { nameGap: 26 }), yAxis: axis('yAxis', y, { nameGap: 54, splitNumber: 4 }),
      tooltip: {
        confine: true, transitionDuration: 0, backgroundColor: colour('--surface'), borderColor: colour('--line-strong'), padding: [6, 10], textStyle: { color: colour('--text'), fontSize: 12 },
        formatter: ({ name, value }) => box(`${name}: ${y.name} ${textOf(y, value[1], chart, 'yAxis')}, ${x.name} ${textOf(x, value[0], chart, 'xAxis')}`),
      },
      series: [{
        type: 'scatter', symbolSize: 9, progressive: 0,
        data: this.runs.map((run, i) => ({
          id: run.id, name: run.name, value: [x.values[i] ?? '-', y.values[i] ?? '-'],
          itemStyle: { color: tintOf(run).tint, opacity: isKept(run.id) ? 0.85 : dimmed },
        })),
      }],
    }, { notMerge: true });
    chart.off('click');
    chart.on('click', ({ data }) => Blazor.navigateTo(`/runs/${data.id}`));
  }
}

customElements.define('compare-relations', CompareRelations);
