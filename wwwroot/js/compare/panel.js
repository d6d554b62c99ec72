// One panel of compared curves. Its frame is the page's; here is what is drawn in it.
import { chartIn, finely } from '../charts.js';
import { styleOf } from '../run/panels.js';
import { clippedWords, hitsAt, leftOut, optionsOf } from './curves.js';

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
    this.chart ??= chartIn(this.place);
    const { options, lines, clipped } = optionsOf(this.chart, runs, histories, this.metric, view, this.style, axis);
    this.chart.setOption(options, { notMerge: true });
    [this.lines, this.zoom] = [lines, view.zoom];
    this.place.parentElement.toggleAttribute('data-empty', !options.series.some(({ data }) => data.some(([, y]) => y !== null)));
    this.place.parentElement.toggleAttribute('data-clipped', clipped !== undefined);
    this.place.parentElement.querySelector('[data-left-out]').textContent = leftOut(runs, histories, this.metric, view, this.style) || clippedWords(clipped, this.style.format, view.groups);
    this.pointAt(this.pointed);
  }

  /** Lets one curve stand out before the others; none where id is undefined. Drawn over the chart: a hundred curves are not drawn anew for it. */
  pointAt(id) {
    this.pointed = id;
    const line = id === undefined ? undefined : this.lines.find((one) => one.id === id);
    this.place.toggleAttribute('data-pointed', line !== undefined);
    if (!line) {
      this.over?.remove();
      this.over = undefined;
      return;
    }
    this.over ??= this.place.appendChild(Object.assign(document.createElement('canvas'), { className: 'over' }));
    const [width, height, ratio] = [this.chart.getWidth(), this.chart.getHeight(), devicePixelRatio];
    Object.assign(this.over, { width: width * ratio, height: height * ratio });
    const pen = this.over.getContext('2d');
    const { x, y, width: across, height: down } = this.chart.getModel().getComponent('grid').coordinateSystem.getRect();
    pen.scale(ratio, ratio);
    pen.beginPath();
    pen.rect(x, y, across, down);
    pen.clip();
    pen.beginPath();
    let isOn = false;
    for (const [at, value] of line.data) {
      if (value === null) {
        isOn = false;
        continue;
      }
      const [left, top] = this.chart.convertToPixel('grid', [at, value]);
      if (isOn) pen.lineTo(left, top); else pen.moveTo(left, top);
      isOn = true;
    }
    Object.assign(pen, { lineWidth: 2.5, strokeStyle: line.lineStyle.color, lineJoin: 'round' });
    pen.stroke();
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
