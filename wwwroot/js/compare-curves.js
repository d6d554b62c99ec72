// <compare-curves runs="[…]" view="{…}">: the curves of compared runs, one panel for each [data-metric] that the page has in it. What is chosen stands in the page's address, so it comes from the page.
import { loadLibrary } from './charts.js';
import { styleOf } from './run/panels.js';
import { axisOf, needsTimes } from './compare/axis.js';
import { optionsOf } from './compare/curves.js';
import { Histories } from './compare/histories.js';

class CompareCurves extends HTMLElement {
  static observedAttributes = ['runs', 'view', 'metrics'];

  connectedCallback() {
    this.charts = new Map();
    this.visible = new Set();
    this.histories = new Histories();
    this.ends = new AbortController();
    const { signal } = this.ends;
    document.addEventListener('hub-theme', () => this.draw(), { signal });
    document.addEventListener('hub-brush', () => this.draw(), { signal });
    this.sizes = new ResizeObserver(() => this.charts.forEach((chart) => chart.resize()));
    this.sizes.observe(this);
    this.sight = new IntersectionObserver((entries) => this.see(entries), { rootMargin: '200px' });
    this.invalidate();
  }

  disconnectedCallback() {
    this.ends.abort();
    this.histories.stop();
    this.sizes.disconnect();
    this.sight.disconnect();
    this.charts.forEach((chart) => chart.dispose());
    this.charts.clear();
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
    this.view = JSON.parse(this.getAttribute('view'));
    const metrics = JSON.parse(this.getAttribute('metrics'));
    this.querySelectorAll('[data-metric]').forEach((panel) => this.sight.observe(panel));
    try {
      const [isNewest] = await Promise.all([this.histories.read(this.runs, metrics, needsTimes(this.view.axis)), loadLibrary()]);
      if (!isNewest || !this.isConnected) return;
      this.tell();
      this.ready = true;
      this.draw();
    } catch (error) {
      this.tell(error.message);
    }
  }

  see(entries) {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.visible.add(target);
      else this.visible.delete(target);
    }
    if (this.ready) this.draw(entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target));
  }

  /** Draws the panels that can be seen; the others when they come into view. */
  draw(only) {
    if (!this.ready) return;
    for (const [panel, chart] of this.charts) {
      if (panel.isConnected) continue;
      chart.dispose();
      this.charts.delete(panel);
      this.visible.delete(panel);
    }
    const axis = axisOf(this.view.axis);
    for (const panel of only ?? this.visible) {
      if (!panel.isConnected || panel.clientWidth === 0) continue;
      const { metric } = panel.dataset;
      const chart = this.charts.get(panel) ?? echarts.init(panel, null, { renderer: 'canvas' });
      this.charts.set(panel, chart);
      const options = optionsOf(this.runs, this.histories, metric, this.view, styleOf(metric), axis);
      chart.setOption(options, { notMerge: true });
      panel.parentElement.toggleAttribute('data-empty', options.series.length === 0);
    }
    this.toggleAttribute('data-drawn', this.charts.size > 0);
  }

  tell(words) {
    const place = this.parentElement.querySelector('[data-problem]');
    place.hidden = words === undefined;
    place.textContent = words === undefined ? '' : `The curves cannot be drawn: ${words}`;
  }
}

customElements.define('compare-curves', CompareCurves);
