// One panel: its frame, its menu, its chart. It is drawn only while it can be seen.
import { band, chartIn, colour, curve, finely, frameOf, isOnLog, leftOutOfLog, smooth, smoothing } from '../charts.js';
import { firstAfter } from './series.js';
import { csvAddress, savePicture } from './export.js';

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children);
  return made;
};

const isSame = (some, others) => some.length === others?.length && some.every((one, i) => one === others[i]);

const calmFor = 1_000; // milliseconds

export class Panel {
  /** @param page what the panels share: run, axis, zoom, choices, `view` of a metric, `emptyWords`, and what the menu does. */
  constructor(definition, page) {
    [this.definition, this.page] = [definition, page];
    this.build();
  }

  get key() { return this.definition.key; }

  build() {
    const { title, curves, log } = this.definition;
    this.place = element('div', { class: 'panel', tabindex: 0, role: 'img', 'aria-describedby': 'chart-keys' });
    this.note = element('p', { class: 'note' });
    this.leftOut = element('p', { class: 'left-out', hidden: true });
    this.logButton = element('button', { type: 'button', class: 'text-button log', 'aria-label': `log axis of ${title}`, title: 'Logarithmic axis', onclick: () => this.page.toggleLog(this) }, 'log');
    this.csv = element('a', { download: true, 'data-close-menu': true }, 'Download CSV');
    const item = (word, act, name) => element('button', { type: 'button', 'data-close-menu': true, 'data-do': name, onclick: act }, word);
    this.figure = element('figure', { class: 'card', 'data-panel': this.key, 'data-empty': true },
      element('figcaption', { class: 'card-head' },
        element('h2', {}, title),
        element('span', { class: 'legend' },
          ...(curves.length > 1 ? curves.map(([, word], i) => element('span', {}, element('i', { 'aria-hidden': true, style: `background: var(--curve-${i + 1})` }), word)) : []),
          ...(log ? [this.logButton] : []),
          element('details', { class: 'menu' },
            element('summary', { class: 'text-button', 'aria-label': `${title}: more` }, '⋯'),
            element('div', {},
              item('Save PNG', () => this.chart && savePicture(this, `${this.page.run}-${this.key.replace(/[^\w.-]+/g, '-')}.png`)), this.csv,
              item('Move back', () => this.page.move(this, -1), 'back'), item('Move on', () => this.page.move(this, 1), 'on'),
              item('Remove panel', () => this.page.remove(this), 'remove'))))),
      this.leftOut, this.note, this.place);
  }

  /** Draws anew with other axes or colours. */
  rebuild() {
    this.chart?.dispose();
    this.chart = undefined;
    this.draw();
  }

  /** Draws what changed since it was drawn last; most messages of a trainer leave some panels as they are. */
  draw() {
    const { curves } = this.definition;
    const views = curves.map(([metric]) => this.page.view(metric));
    const shown = [this.page.axis.placesOf(this.page.zoom), this.page.emptyWords(this.definition), this.isLog, ...views.flatMap((view) => [view, view.revision])];
    if (!isSame(shown, this.said)) {
      this.said = shown;
      this.say(views);
    }

    if (!this.visible || !globalThis.echarts || this.place.clientWidth === 0) return;
    if (this.chart && (isSame(shown, this.drawn) || this.rests(shown))) return;
    [this.drawn, this.drawnAt] = [shown, performance.now()];
    this.chart ??= this.frame();
    this.chart.setOption({ xAxis: this.page.axis.options(this.page.zoom), series: curves.flatMap(([metric, word], i) => this.lines(metric, word, views[i], i)) }, { replaceMerge: ['series'] });
    // Onto the canvas in this frame, not in the next one.
    this.chart.getZr().flush();
  }

  /** Whether new points of a calm curve wait until a second after those before; whatever a person does is shown at once. */
  rests(shown) {
    const left = this.definition.calm && shown.every((one, i) => typeof one === 'number' || one === this.drawn[i]) ? this.drawnAt + calmFor - performance.now() : 0;
    if (left > 0) {
      this.resting ??= setTimeout(() => {
        this.resting = undefined;
        this.draw();
      }, left);
    }
    return left > 0;
  }

  /** What is said of the curves beside their drawing. */
  say(views) {
    const { curves, title } = this.definition;
    this.csv.href = csvAddress(this.page.run, curves.map(([metric]) => metric), this.page.zoom);
    const drawn = views.some(({ values }) => values.some((value) => this.isDrawable(value)));
    const points = views.some(({ steps }) => steps.length > 0);
    this.figure.toggleAttribute('data-empty', !drawn);
    this.sayWhatIsLeftOut(views);
    const note = !points ? this.page.emptyWords(this.definition) : this.leftOut.textContent || 'Every value of this curve is infinite or not a number.';
    // What stays as it was is left alone: an element that is given the same text anew is laid out anew.
    if (this.note.textContent !== note) this.note.textContent = note;
    this.leftOut.hidden = !drawn || this.leftOut.textContent === '';
    this.place.setAttribute('aria-label', `${title}. ${drawn ? `${this.lastWords(views)} ${this.leftOut.textContent}` : this.note.textContent}`.trim());
    this.logButton.setAttribute('aria-pressed', String(this.isLog));
  }

  frame() {
    const { isFraction, format } = this.definition;
    const chart = chartIn(this.place);
    chart.setOption(frameOf({ chart, isFraction, isLog: this.isLog, format, xAxis: this.page.axis.options(this.page.zoom), title: (x) => this.page.axis.title(x) }));
    return chart;
  }

  get isLog() { return this.page.choices.isLog(this.definition); }

  isDrawable(value) { return Number.isFinite(value) && (!this.isLog || isOnLog(value)); }

  sayWhatIsLeftOut(views) {
    const { curves, scale } = this.definition;
    const words = this.isLog ? leftOutOfLog(curves.map(([, name], i) => ({ name, values: [...views[i].values, ...views[i].low].map(scale) }))) : '';
    if (this.leftOut.textContent !== words) this.leftOut.textContent = words;
  }

  /** The lines of one metric: the curve itself, and behind it (by their z) what was measured. Only those that have something to show: each costs ECharts as much as it has points, and something besides. */
  lines(metric, word, view, i) {
    if (view.steps.length === 0) return [];
    const { scale, smooth: isNoisy } = this.definition;
    const { axis } = this.page;
    const tint = colour(`--curve-${i + 1}`);
    const drawable = (value) => (this.isDrawable(value) ? scale(value) : null);
    const smoothed = isNoisy && view.steps.length > smoothing.from && this.page.choices.smoothing > 0;
    let rows = view.steps.map((step, at) => [axis.xOf(step), drawable(view.values[at]), drawable(view.values[at]), drawable(view.low[at]), drawable(view.high[at])]);
    if (smoothed) rows = smooth(rows, this.page.choices.smoothing);
    rows = rows.slice(...this.window(view.steps));
    const line = curve(word, view.bucketed ? rows : rows.map(([x, y, raw]) => [x, y, raw]), tint, { id: metric });
    if (view.bucketed) return [line, band(`${metric}:band`, rows.map(([x, , , low, high]) => [x, low, high]), tint)];
    return smoothed ? [line, curve('', rows.map(([x, , raw]) => [x, raw]), tint, { id: `${metric}:raw`, opacity: 0.25, z: 1 })] : [line];
  }

  /** The entries that are looked at and one more on each side, so that the line runs on to the edge. */
  window(steps) {
    const { zoom } = this.page;
    return zoom ? [Math.max(0, firstAfter(steps, zoom.from - 1) - 1), firstAfter(steps, zoom.to) + 1] : [0];
  }

  lastWords(views) {
    const { curves, format, scale } = this.definition;
    const last = curves.flatMap(([, word], i) => (views[i].steps.length > 0 ? [`${word} ${format(scale(views[i].values.at(-1)))} at step ${views[i].last.toLocaleString('en')}`] : []));
    return `${last.join(', ')}.`;
  }

  /** Steps of the curve with the most entries, as far as they are looked at: where the cursor can stand. */
  get stops() {
    const views = this.definition.curves.map(([metric]) => this.page.view(metric));
    const { steps } = views.reduce((a, b) => (b.steps.length > a.steps.length ? b : a));
    const { zoom } = this.page;
    return zoom ? steps.filter((step) => step >= zoom.from && step <= zoom.to) : steps;
  }

  /** The step under the mouse. */
  at(event) { return this.page.axis.stepOf(this.chart.convertFromPixel({ xAxisIndex: 0 }, event.clientX - this.place.getBoundingClientRect().left)); }

  /** What the curves say at a step, in words. */
  wordsAt(step) {
    const { curves, scale } = this.definition;
    const format = finely(this.chart, this.definition);
    return curves.flatMap(([metric, word]) => {
      const view = this.page.view(metric);
      const at = firstAfter(view.steps, step) - 1;
      return at >= 0 ? [`${word} ${Number.isFinite(view.values[at]) ? format(scale(view.values[at])) : view.values[at]}`] : [];
    }).join(', ');
  }

  dispose() {
    clearTimeout(this.resting);
    this.chart?.dispose();
    this.figure.remove();
  }
}
