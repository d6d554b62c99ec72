// One panel of compared curves. Its frame is the page's; here is what is drawn in it.
import { finely } from '../charts.js';
import { styleOf } from '../run/panels.js';
import { hitsAt, leftOut, optionsOf } from './curves.js';

// A voice that reads more of them is not listened to.
const mostSaid = 12;

export class ComparePanel {
  /** @param place the element that the page has for it. */
  constructor(place) {
    [this.place, this.metric] = [place, place.dataset.metric];
    this.style = styleOf(this.metric);
    this.lines = [];
  }

  draw({ runs, histories, view, axis }) {
    this.chart ??= echarts.init(this.place, null, { renderer: 'canvas' });
    const { options, lines } = optionsOf(this.chart, runs, histories, this.metric, view, this.style, axis);
    this.chart.setOption(options, { notMerge: true });
    [this.lines, this.zoom] = [lines, view.zoom];
    this.place.parentElement.toggleAttribute('data-empty', !options.series.some(({ data }) => data.some(([, y]) => y !== null)));
    this.place.parentElement.querySelector('[data-left-out]').textContent = leftOut(runs, histories, this.metric, view, this.style);
  }

  /** The place on the axis under the mouse. */
  at(event) { return this.chart.convertFromPixel({ xAxisIndex: 0 }, event.clientX - this.place.getBoundingClientRect().left); }

  /** Where the cursor can stand: the points of the curve with the most of them, as far as they are looked at. */
  get stops() {
    const { data } = this.lines.reduce((a, b) => (b.data.length > a.data.length ? b : a), { data: [] });
    return data.map(([x]) => x).filter((x) => !this.zoom || (x >= this.zoom.from && x <= this.zoom.to));
  }

  /** What the curves say at a place, in words. */
  wordsAt(x) {
    const format = finely(this.chart, this.style);
    return hitsAt(this.lines, x).slice(0, mostSaid).map(({ seriesName, value: [, drawn, measured = drawn] }) => `${seriesName} ${format(measured)}`).join(', ') || 'no value';
  }

  dispose() { this.chart?.dispose(); }
}
