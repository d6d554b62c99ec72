// The cursor: a place on the axis that all panels show together, moved by the mouse or with the arrow keys.
import { firstAfter } from './series.js';

export class Cursor {
  /** @param page `axis` and `panels`; `say(words)`. */
  constructor(page) { this.page = page; }

  attach(panel) {
    const { place } = panel;
    // The panel under the mouse shows its own cursor; the others follow.
    place.addEventListener('pointermove', (event) => { if (panel.chart) this.show(panel.at(event), panel); });
    place.addEventListener('pointerleave', () => this.hide());
    place.addEventListener('blur', () => this.hide());
  }

  /** @param except a panel that shows it by itself. */
  show(at, except) {
    [this.at, this.except] = [at, except];
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.page.panels.forEach((panel) => { if (panel !== this.except) this.showOn(panel); });
    });
  }

  showOn({ chart, place }) {
    if (!chart) return;
    if (this.at === undefined) {
      chart.dispatchAction({ type: 'hideTip' });
      chart.dispatchAction({ type: 'updateAxisPointer', currTrigger: 'leave' });
    } else chart.dispatchAction({ type: 'showTip', x: chart.convertToPixel({ xAxisIndex: 0 }, this.page.axis.xOf(this.at)), y: place.clientHeight / 2 });
  }

  hide() { this.show(undefined); }

  /** Puts it on a neighbour of the point where it is; it comes in from the side that it moves away from. */
  move(panel, by) {
    const { stops } = panel;
    if (stops.length === 0) return;
    const now = this.at === undefined ? (by < 0 ? stops.length : -1) : firstAfter(stops, this.at) - 1;
    this.show(stops[Math.max(0, Math.min(stops.length - 1, now + by))]);
    this.page.say(`${this.page.axis.title(this.page.axis.xOf(this.at))}: ${panel.wordsAt(this.at)}`);
  }
}
