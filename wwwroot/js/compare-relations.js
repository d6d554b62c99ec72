// <compare-relations runs="[…]" view="{…}">: parallel coordinates and a scatter of the compared runs, in the places that the page has for them. What is brushed there is kept in view everywhere.
import { colour, labels, loadLibrary, percent } from './charts.js';
import { isKept, keep, keptRuns } from './compare/brush.js';
import { tintOf } from './compare/tints.js';

const short = (value) => String(+value.toPrecision(4));
const textOf = ({ words, fraction }, value) => (value === null || value === undefined ? '–' : words ? value : fraction ? percent(value) : short(value));
const typeOf = ({ words, log }) => (words ? 'category' : log ? 'log' : 'value');
const dimmed = 0.06;

class CompareRelations extends HTMLElement {
  static observedAttributes = ['runs', 'view'];

  connectedCallback() {
    this.charts = new Map();
    this.ends = new AbortController();
    const { signal } = this.ends;
    document.addEventListener('hub-theme', () => this.draw(), { signal });
    document.addEventListener('hub-brush', () => this.drawScatter(), { signal });
    this.sizes = new ResizeObserver(() => this.charts.forEach((chart) => chart.resize()));
    this.sizes.observe(this);
    // Charts far below are drawn when a person gets near them.
    this.sight = new IntersectionObserver((entries) => this.see(entries), { rootMargin: '300px' });
    this.sight.observe(this);
  }

  disconnectedCallback() {
    this.ends.abort();
    this.sizes.disconnect();
    this.sight.disconnect();
    this.charts.forEach((chart) => chart.dispose());
    keep(undefined, []);
  }

  attributeChangedCallback() {
    if (!this.seen || this.asked) return;
    this.asked = true;
    queueMicrotask(() => {
      this.asked = false;
      this.draw();
    });
  }

  async see(entries) {
    if (this.seen || !entries.some(({ isIntersecting }) => isIntersecting)) return;
    this.seen = true;
    await loadLibrary();
    if (this.isConnected) this.draw();
  }

  draw() {
    const runs = JSON.parse(this.getAttribute('runs'));
    const same = this.runs?.length === runs.length && runs.every(({ id }, i) => id === this.runs[i].id);
    this.runs = runs;
    this.view = JSON.parse(this.getAttribute('view'));
    if (!same && keptRuns()) this.keep(undefined);
    this.drawParallel();
    this.drawScatter();
  }

  chartOf(place) {
    if (!place) return undefined;
    if (!this.charts.has(place)) this.charts.set(place, echarts.init(place, null, { renderer: 'canvas' }));
    return this.charts.get(place);
  }

  drawParallel() {
    const place = this.querySelector('[data-parallel]');
    const chart = this.chartOf(place);
    if (!chart) return;
    const { axes } = this.view;
    const font = labels();
    const line = { lineStyle: { color: colour('--line-strong') } };
    chart.setOption({
      animation: false, textStyle: { fontFamily: font.fontFamily },
      parallel: { left: 60, right: 90, top: 40, bottom: 20 },
      parallelAxis: axes.map((axis, dim) => ({
        dim, name: axis.name, type: typeOf(axis), scale: true, ...(axis.words ? { data: axis.words } : {}),
        nameTextStyle: { ...font, width: 100, overflow: 'truncate' }, axisLine: line, axisTick: line, minorTick: { show: false },
        axisLabel: { ...font, formatter: (value) => (axis.words ? (value.length > 14 ? `${value.slice(0, 13)}…` : value) : textOf(axis, value)) },
        areaSelectStyle: { width: 16, borderColor: colour('--accent'), color: colour('--accent'), opacity: 0.25 },
      })),
      series: [{
        type: 'parallel', smooth: false, inactiveOpacity: dimmed, activeOpacity: 0.9, progressive: 0, lineStyle: { width: 1.5, opacity: 0.8 },
        data: this.runs.map((run, i) => ({ name: run.name, value: axes.map(({ values }) => values[i] ?? '-'), lineStyle: { color: tintOf(run).tint } })),
      }],
    }, { notMerge: true });
    chart.off('axisareaselected');
    chart.on('axisareaselected', () => {
      const brushed = chart.getModel().getComponent('parallel', 0).parallelAxisIndex
        .some((index) => chart.getModel().getComponent('parallelAxis', index).activeIntervals.length > 0);
      const active = chart.getModel().getSeriesByIndex(0).getRawIndicesByActiveState('active');
      this.keep(brushed ? active.map((i) => this.runs[i].id) : undefined);
    });
  }

  drawScatter() {
    const chart = this.seen && globalThis.echarts && this.runs ? this.chartOf(this.querySelector('[data-scatter]')) : undefined;
    if (!chart) return;
    const { x, y } = this.view;
    const font = labels();
    const line = colour('--line');
    const axis = (of, other) => ({
      name: of.name, nameLocation: 'middle', nameTextStyle: font, type: typeOf(of), scale: true, ...(of.words ? { data: of.words } : {}),
      axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, splitLine: { lineStyle: { color: line } },
      axisLabel: { ...font, hideOverlap: true, formatter: (value) => textOf(of, value) }, ...other,
    });
    const box = (words) => {
      const made = document.createElement('div');
      made.textContent = words;
      return made;
    };
    chart.setOption({
      animation: false, textStyle: { fontFamily: font.fontFamily }, grid: { left: 72, right: 20, top: 16, bottom: 46 },
      xAxis: axis(x, { nameGap: 26 }), yAxis: axis(y, { nameGap: 54, splitNumber: 4 }),
      tooltip: {
        confine: true, transitionDuration: 0, backgroundColor: colour('--surface'), borderColor: colour('--line-strong'), padding: [6, 10], textStyle: { color: colour('--text'), fontSize: 12 },
        formatter: ({ name, value }) => box(`${name}: ${y.name} ${textOf(y, value[1])}, ${x.name} ${textOf(x, value[0])}`),
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

  keep(ids) {
    keep(ids, this.runs);
    const place = this.parentElement.querySelector('[data-kept]');
    if (!ids) {
      place.replaceChildren();
      return;
    }
    const [link, all] = [document.createElement('a'), document.createElement('button')];
    const address = new URL(location.href);
    address.searchParams.set('runs', ids.join(','));
    [link.href, link.textContent] = [address.href, 'Compare only these'];
    Object.assign(all, { type: 'button', className: 'text-button', textContent: 'Show all' });
    all.addEventListener('click', () => {
      this.keep(undefined);
      this.drawParallel();
    });
    place.replaceChildren(`${ids.length} of ${this.runs.length} runs kept`, ...(ids.length > 0 ? [link] : []), all);
  }
}

customElements.define('compare-relations', CompareRelations);
