// <run-charts run="id" epochs="5" metrics='["train_loss"]' live goes-on waiting="what to say of a curve without points">: the panels of one run. trained: it gets the curves of a training of ours, also those that
// have no point yet, and has epochs and times; live: points come; goes-on: there are epochs
// to come, though perhaps not now. The page puts the controls beside it; what is chosen there, and which panels are shown in which order, is remembered in this browser.
import { loadLibrary } from './charts.js';
import { StepAxis } from './run/axis.js';
import { Choices } from './run/choices.js';
import { Cursor } from './run/cursor.js';
import { Panel } from './run/panel.js';
import { panelsOf } from './run/panels.js';
import { Series } from './run/series.js';
import { Source, read } from './run/source.js';
import { Zoom } from './run/zoom.js';

// As many buckets as a panel has pixels or so.
const buckets = 600;
// What is looked at closely is read with as much again on both sides, for whoever moves along.
const margin = 0.5;
const fewest = 4; // steps that are still worth looking at
const settled = 150; // milliseconds without another turn of the wheel
const nothing = new Series();

class RunCharts extends HTMLElement {
  static observedAttributes = ['live', 'goes-on', 'epochs', 'waiting'];

  connectedCallback() {
    this.run = this.getAttribute('run');
    this.choices = new Choices();
    this.series = new Map();
    this.times = { steps: [], unix: [] };
    this.panels = new Map();
    this.zoomer = new Zoom(this, () => fewest, Math.round);
    this.cursor = new Cursor(this);
    this.controls = this.parentElement.querySelector('[data-controls]');
    this.said = this.parentElement.querySelector('[data-said]');
    this.ends = new AbortController();
    const { signal } = this.ends;
    this.controls.addEventListener('input', (event) => this.choose(event.target), { signal });
    this.controls.addEventListener('click', (event) => this.press(event.target.closest('[data-do]')), { signal });
    document.addEventListener('hub-theme', () => this.rebuild(), { signal });
    this.sizes = new ResizeObserver(() => this.panels.forEach((panel) => panel.chart?.resize()));
    this.sizes.observe(this);
    this.sight = new IntersectionObserver((entries) => this.see(entries), { rootMargin: '200px' });
    this.showControls();
    this.arrange(JSON.parse(this.getAttribute('metrics') ?? '[]'));
    loadLibrary().then(() => this.invalidate(), (error) => this.tell(error.message));
    this.source = new Source(this.run, buckets, {
      history: (history) => this.begin(history), points: (points) => this.take(points), problem: (words) => this.tell(words),
    });
    this.source.start(this.live);
  }

  disconnectedCallback() {
    this.ends.abort();
    this.source.stop();
    this.reading?.abort();
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
    this.sight.disconnect();
    this.panels.forEach((panel) => panel.dispose());
    this.panels.clear();
  }

  attributeChangedCallback() {
    if (!this.source) return;
    // A run that goes on after it was interrupted.
    if (this.live && !this.source.live) this.source.start(true);
    this.invalidate();
  }

  get live() { return this.hasAttribute('live'); }

  get lastStep() { return Math.max(0, ...[...this.series.values()].map(({ last }) => last)); }

  get end() { return this.lastStep; }

  get axis() {
    const { times, stepsPerEpoch, lastStep } = this;
    return new StepAxis(this.hasAttribute('trained') ? this.choices.axis : 'step', { epochs: Number(this.getAttribute('epochs')), stepsPerEpoch, times, lastStep, goesOn: this.hasAttribute('goes-on') });
  }

  /** What is known of a metric, in the best detail for what is looked at. */
  view(metric) {
    const whole = this.series.get(metric) ?? nothing;
    const detail = this.zoom && this.covers(this.detail) ? this.detail.series.get(metric) : undefined;
    return detail ? detail.followedBy(whole) : whole;
  }

  emptyWords({ waiting }) { return this.live ? waiting : this.getAttribute('waiting') ?? ''; }

  // Points

  begin({ stepsPerEpoch, series, times }) {
    this.stepsPerEpoch = stepsPerEpoch;
    this.times = { steps: Array.from(times.steps), unix: Array.from(times.unix) };
    this.series = new Map(series.map((one) => [one.metric, new Series(one)]));
    this.detail = undefined;
    if (this.zoom) this.readDetail();
    this.arrange([...this.series.keys()]);
    this.invalidate();
  }

  take({ stepsPerEpoch, series, times }) {
    this.stepsPerEpoch = stepsPerEpoch ?? this.stepsPerEpoch;
    times.steps.forEach((step, i) => {
      if (step <= (this.times.steps.at(-1) ?? -1)) return;
      this.times.steps.push(step);
      this.times.unix.push(times.unix[i]);
    });
    for (const one of series) {
      if (!this.series.has(one.metric)) this.series.set(one.metric, new Series());
      this.series.get(one.metric).add(one);
    }

    this.arrange([...this.series.keys()]);
    this.invalidate();
  }

  tell(words) {
    const place = this.parentElement.querySelector('[data-problem]');
    place.hidden = words === undefined;
    place.textContent = words === undefined ? '' : `The curves cannot be read: ${words} Trying again.`;
  }

  // Panels

  /** Shows the panels of these metrics in the chosen order. One that stays is not made anew. */
  arrange(metrics) {
    const names = [...new Set([...(this.metrics ?? []), ...metrics])];
    if (this.metrics && names.length === this.metrics.length && !this.disarranged) return;
    this.metrics = names;
    this.disarranged = false;
    this.definitions = this.choices.sorted(panelsOf(names, this.hasAttribute('trained')));
    const shown = this.definitions.filter((definition) => this.choices.shows(definition));
    for (const [key, panel] of this.panels) {
      if (shown.some((definition) => definition.key === key)) continue;
      panel.dispose();
      this.panels.delete(key);
    }

    shown.forEach((definition, i) => {
      if (!this.panels.has(definition.key)) {
        const panel = new Panel(definition, this);
        this.panels.set(definition.key, panel);
        this.zoomer.attach(panel);
        this.cursor.attach(panel);
        panel.draw();
      }
      const { figure } = this.panels.get(definition.key);
      if (this.children[i] !== figure) this.insertBefore(figure, this.children[i] ?? null);
      this.sight.observe(figure);
    });
    this.listPanels();
  }

  rearrange() {
    this.disarranged = true;
    this.arrange([]);
    this.invalidate();
  }

  see(entries) {
    for (const { target, isIntersecting } of entries) {
      const panel = this.panels.get(target.dataset.panel);
      if (panel) panel.visible = isIntersecting;
    }
    this.invalidate();
  }

  remove(panel) {
    const next = panel.figure.nextElementSibling ?? panel.figure.previousElementSibling;
    this.choices.toggle('removed', panel.key);
    this.rearrange();
    // The focus was on what is gone.
    (next?.querySelector('.panel') ?? this.controls.querySelector('[data-panels] summary')).focus();
    this.say(`${panel.definition.title} was removed. The Panels menu brings it back.`);
  }

  move(panel, by) {
    this.choices.move(this.definitions, panel.key, by);
    this.rearrange();
    panel.figure.querySelector('summary').focus();
  }

  toggleLog(panel) {
    this.choices.toggle('log', panel.key);
    panel.rebuild();
  }

  // Controls

  showControls() {
    this.controls.querySelectorAll('[name="chart-axis"]').forEach((input) => { input.checked = input.value === this.choices.axis; });
    this.controls.querySelector('[name="chart-smoothing"]').value = this.choices.smoothing;
    this.showZoom();
  }

  showZoom() { this.controls.querySelectorAll('[data-do="out"], [data-do="reset"]').forEach((button) => { button.disabled = !this.zoom; }); }

  listPanels() {
    const list = this.controls.querySelector('[data-panels] [data-list]');
    list.replaceChildren(...this.definitions.map((definition) => {
      const [label, box] = [document.createElement('label'), document.createElement('input')];
      Object.assign(box, { type: 'checkbox', name: 'chart-panel', value: definition.key, checked: this.choices.shows(definition) });
      label.append(box, definition.title);
      return label;
    }));
  }

  choose(input) {
    if (input.name === 'chart-axis') this.choices.set({ axis: input.value });
    else if (input.name === 'chart-smoothing') this.choices.set({ smoothing: Number(input.value) });
    else if (input.name === 'chart-panel') {
      this.choices.toggle('removed', input.value);
      this.rearrange();
      this.controls.querySelector(`[name="chart-panel"][value="${CSS.escape(input.value)}"]`).focus();
      return;
    }
    this.rebuild();
  }

  press(button) {
    ({
      in: () => this.zoomer.by(1.5), out: () => this.zoomer.by(1 / 1.5), reset: () => this.zoomer.reset(),
      'reset-panels': () => { this.choices.reset(); this.rearrange(); this.rebuild(); },
    })[button?.dataset.do]?.();
  }

  say(words) { this.said.textContent = words; }

  // Looking closer

  /** @param zoom the steps to look at, all of them where undefined. */
  look(zoom) {
    this.zoom = zoom;
    this.showZoom();
    this.invalidate();
    clearTimeout(this.timer);
    if (zoom) this.timer = setTimeout(() => this.readDetail(), settled);
  }

  covers(detail) { return detail !== undefined && detail.from <= this.zoom.from && detail.to >= Math.min(this.zoom.to, this.lastStep); }

  /** Reads the stretch that is looked at again where the page only has buckets of it. */
  async readDetail() {
    const { from, to } = this.zoom;
    // Detail that was read for a stretch four times as long has nothing more to show.
    if (this.covers(this.detail) && (this.detail.exact || this.detail.to - this.detail.from <= 4 * (to - from))) return;
    if (![...this.series.values()].some(({ bucketed }) => bucketed)) return;
    this.reading?.abort();
    const { signal } = this.reading = new AbortController();
    const spare = Math.round((to - from) * margin);
    const range = { from: Math.max(0, from - spare), to: to + spare };
    try {
      const { series } = await read(this.run, { ...range, buckets: 2 * buckets }, signal);
      this.detail = { ...range, exact: series.every(({ stepsPerBucket }) => Number(stepsPerBucket) === 0), series: new Map(series.map((one) => [one.metric, new Series(one)])) };
      this.tell();
      this.invalidate();
    } catch (error) {
      if (!signal.aborted) this.tell(error.message);
    }
  }

  // Drawing

  /** Draws with the next frame, however much changes until then. */
  invalidate() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.panels.forEach((panel) => panel.draw());
    });
  }

  rebuild() { this.panels.forEach((panel) => panel.rebuild()); }
}

customElements.define('run-charts', RunCharts);
