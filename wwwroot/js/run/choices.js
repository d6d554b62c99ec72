// What the person chose, for all runs, in this browser.
import { smoothing } from '../charts.js';

const place = 'hub-charts';
const fresh = { axis: 'epoch', smoothing: smoothing.weight, order: [], removed: [], log: [] };

export class Choices {
  constructor() {
    try {
      Object.assign(this, fresh, JSON.parse(localStorage.getItem(place) ?? '{}'));
    } catch {
      Object.assign(this, fresh);
    }
    // An older page wrote other things under this name.
    for (const list of ['order', 'removed', 'log']) if (!Array.isArray(this[list])) this[list] = [];
  }

  set(change) {
    Object.assign(this, change);
    try { localStorage.setItem(place, JSON.stringify(this)); } catch { /* A private window may refuse; the choice lasts as long as the page. */ }
  }

  /** Panels in the chosen order; those that were never moved follow in their own. */
  sorted(panels) {
    const rank = ({ key }) => (this.order.includes(key) ? this.order.indexOf(key) : Infinity);
    return panels.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  }

  shows({ key }) { return !this.removed.includes(key); }

  isLog({ key, log }) { return Boolean(log) && this.log.includes(key); }

  toggle(list, key) { this.set({ [list]: this[list].includes(key) ? this[list].filter((one) => one !== key) : [...this[list], key] }); }

  /** Puts a panel before or after its neighbour among those that are shown; the hidden ones keep their places. */
  move(panels, key, by) {
    const order = this.sorted(panels).map((panel) => panel.key);
    const shown = order.filter((one) => !this.removed.includes(one));
    const neighbour = shown[shown.indexOf(key) + by];
    if (neighbour === undefined) return;
    order.splice(order.indexOf(key), 1);
    order.splice(order.indexOf(neighbour) + (by > 0 ? 1 : 0), 0, key);
    // Panels of metrics that this run lacks keep their places behind those that it has.
    this.set({ order: [...order, ...this.order.filter((one) => !order.includes(one))] });
  }

  reset() { this.set({ order: [], removed: [], log: [] }); }
}
