// <compare-curves runs="[…]" view="{…}" metrics="[…]">: the curves of compared runs, one panel for each [data-metric] that the page has in it. What is chosen stands in the page's address, so it comes from the page;
// only how closely they are looked at begins here, and gets there a moment later.
import { loadLibrary } from './charts.js';
import { Cursor } from './run/cursor.js';
import { Zoom } from './run/zoom.js';
import { Told } from './compare/address.js';
import { axisOf, needsTimes, placesOf } from './compare/axis.js';
import { Histories } from './compare/histories.js';
import { Legend } from './compare/legend.js';
import { LiveCurves } from './compare/live.js';
import { ComparePanel } from './compare/panel.js';

const finest = (end) => end / 2_000;
const settled = 150; // milliseconds without another turn of the wheel
const digits = 6;
// A person who has not come near the curves by then is met by finished ones all the same.
const soon = 1500; // milliseconds
// Of curves that grow: for each part of the time that is spent on drawing, so many are left to the hand.
const rests = 10;

class CompareCurves extends HTMLElement {
  static observedAttributes = ['runs', 'view', 'metrics'];

  connectedCallback() {
    this.panels = new Map();
    this.visible = new Set();
    this.histories = new Histories();
    this.live = new LiveCurves({ points: (news) => this.grow(news), back: (ids) => this.readAgain(ids), lost: () => this.readAgain(this.growing.map(({ id }) => id)) });
    this.told = new Told();
    this.zoomer = new Zoom(this, finest);
    this.cursor = new Cursor(this);
    this.controls = this.parentElement.querySelector('[data-controls]');
    this.waiting = new Set();
    this.ends = new AbortController();
    const { signal } = this.ends;
    this.legend = new Legend(this.parentElement.querySelector('[data-legend]'), { changed: () => this.draw(), pointed: (id) => this.panels.forEach((panel) => panel.pointAt(id)) }, signal);
    // The table comes first: it is what answers.
    this.isNear = new Promise((resolve) => { this.comeNear = resolve; });
    this.nearing = setTimeout(() => requestIdleCallback(this.comeNear), soon);
    document.addEventListener('hub-theme', () => { if (this.ready) this.showLegend(); this.draw(); }, { signal });
    document.addEventListener('hub-brush', () => this.draw(), { signal });
    this.controls.addEventListener('click', (event) => this.press(event.target.closest('[data-do]')), { signal });
    this.sizes = new ResizeObserver(() => this.panels.forEach(({ chart }) => chart?.resize()));
    this.sizes.observe(this);
    this.sight = new IntersectionObserver((entries) => this.see(entries), { rootMargin: '100px' });
    this.invalidate();
  }

  disconnectedCallback() {
    this.ends.abort();
    this.told.stop();
    this.live.stop();
    this.histories.stop();
    clearTimeout(this.timer);
    clearTimeout(this.growth);
    clearTimeout(this.nearing);
    clearTimeout(this.drawing);
    cancelAnimationFrame(this.frame);
    this.sizes.disconnect();
    this.sight.disconnect();
    this.panels.forEach((panel) => panel.dispose());
    this.panels.clear();
  }

  attributeChangedCallback() { if (this.histories) this.invalidate(); }

  /** Once for all attributes that change together, when the page has put its panels in place. */
  invalidate() {
    if (this.asked) return;
    this.asked = true;
    queueMicrotask(() => {
      this.asked = false;
      this.show();
    });
  }

  async show() {
    this.runs = JSON.parse(this.getAttribute('runs'));
    const { zoom, ...view } = JSON.parse(this.getAttribute('view'));
    const before = this.view?.axis;
    this.view = view;
    this.metrics = JSON.parse(this.getAttribute('metrics'));
    if (this.told.isNews(JSON.stringify(zoom)) || (before && before !== view.axis)) this.zoom = zoom ? { from: zoom[0], to: zoom[1] } : undefined;
    this.querySelectorAll('[data-metric]').forEach((place) => this.sight.observe(place));
    await this.isNear;
    if (!this.isConnected) return;
    try {
      await this.live.follow(this.growing, this.metrics);
      const [isNewest] = await Promise.all([this.histories.read(this.runs, this.metrics, needsTimes(this.view.axis)), loadLibrary()]);
      if (!isNewest || !this.isConnected) return;
      this.tell();
      this.ready = true;
      this.showLegend();
      this.drawInTurn(this.visible);
      if (this.zoom) this.readCloser();
    } catch (error) {
      this.tell(error.message);
    }
  }

  /** The runs whose curves go on. */
  get growing() { return this.runs.filter(({ live }) => live); }

  /** Draws what came, in its time: many curves are no small work. */
  grow(news) {
    this.histories.add(news);
    if (!this.ready) return;
    this.growth ??= setTimeout(() => {
      this.growth = undefined;
      this.drawInTurn(this.visible);
    }, Math.max(0, (this.rested ?? 0) - performance.now()));
  }

  readAgain(ids) {
    if (!this.runs) return;
    this.histories.forget(ids);
    this.invalidate();
  }

  see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.visible.add(target);
      else this.visible.delete(target);
    }
    if (this.visible.size > 0) this.comeNear();
    if (this.ready) this.drawInTurn(entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target));
  }

  /** The curves that can be told apart: runs, or groups of them. */
  showLegend() {
    const { measure, order } = this.view.legend;
    const entries = this.view.groups ? this.view.groups.map(({ name, members, value }) => ({ id: this.runs[members[0]].id, name, value, run: this.runs[members[0]] }))
      : order.map((i) => ({ id: this.runs[i].id, name: this.runs[i].name, value: this.runs[i].value, run: this.runs[i] }));
    this.legend.show(entries, measure);
  }

  /** One panel after the other, and between them whatever a hand has done meanwhile. */
  drawInTurn(places) {
    for (const place of places) this.waiting.add(place);
    this.drawing ??= setTimeout(() => {
      this.drawing = undefined;
      const [next] = this.waiting;
      if (!next || !this.isConnected) return;
      this.waiting.delete(next);
      const began = performance.now();
      this.draw([next]);
      this.rested = performance.now() + rests * (performance.now() - began);
      this.drawInTurn([]);
    });
  }

  get axis() { return axisOf(this.view.axis, this.zoom, Math.max(...this.runs.map(({ planned }) => planned))); }

  /** Where the longest curve ends. */
  get end() {
    return Math.max(0, ...this.runs.map((run) => {
      const history = this.histories.get(run.id);
      const last = Math.max(-1, ...this.metrics.map((metric) => history?.series.get(metric)?.steps.at(-1) ?? -1));
      return last < 0 ? 0 : placesOf(this.view.axis, history, run.samples)(last) ?? 0;
    }));
  }

  /** Draws the panels that can be seen; the others when they come into view. */
  draw(only) {
    if (!this.ready) return;
    for (const [place, panel] of this.panels) {
      if (place.isConnected) continue;
      panel.dispose();
      this.panels.delete(place);
      this.visible.delete(place);
    }
    const { runs, histories, axis } = this;
    const view = { ...this.view, zoom: this.zoom, hidden: this.legend.hidden };
    for (const place of only ?? this.visible) {
      if (!place.isConnected || place.clientWidth === 0) continue;
      if (!this.panels.has(place)) {
        const panel = new ComparePanel(place);
        this.panels.set(place, panel);
        this.zoomer.attach(panel);
        this.cursor.attach(panel);
      }
      this.panels.get(place).draw({ runs, histories, view, axis });
    }
    this.controls.querySelectorAll('[data-do="out"], [data-do="reset"]').forEach((button) => { button.disabled = !this.zoom; });
    this.toggleAttribute('data-drawn', this.panels.size > 0);
  }

  // Looking closer

  press(button) {
    if (!this.ready) return;
    ({ in: () => this.zoomer.by(1.5), out: () => this.zoomer.by(1 / 1.5), reset: () => this.zoomer.reset() })[button?.dataset.do]?.();
  }

  /** @param zoom the stretch of the axis to look at, all of it where undefined. */
  look(zoom) {
    const ends = zoom && [zoom.from, zoom.to].map((end) => +end.toPrecision(digits));
    this.zoom = ends && { from: ends[0], to: ends[1] };
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
    this.told.tell('zoom', ends ? [ends.join('..')] : [], JSON.stringify(ends ?? null));
    clearTimeout(this.timer);
    if (zoom) this.timer = setTimeout(() => this.readCloser(), settled);
  }

  async readCloser() {
    try {
      if (await this.histories.readCloser(this.runs, this.metrics, this.view.axis, this.zoom) && this.isConnected) this.draw();
      this.tell();
    } catch (error) {
      this.tell(error.message);
    }
  }

  say(words) { this.parentElement.querySelector('[data-said]').textContent = words; }

  tell(words) {
    const place = this.parentElement.querySelector('[data-problem]');
    place.hidden = words === undefined;
    place.textContent = words === undefined ? '' : `The curves cannot be drawn: ${words}`;
  }
}

customElements.define('compare-curves', CompareCurves);
