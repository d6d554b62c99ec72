// One metric of a run as far as the page knows it.

// A page that stays open for days keeps what it can show, not all that ever came.
const mostEntries = 4_000;

/** Columns of entries in the order of their steps. An entry is a point, or a bucket of points with its last, least and greatest value; what is not finite makes a gap in the curve. */
export class Series {
  constructor({ steps = [], values = [], min = values, max = values, stepsPerBucket = 0 } = {}) {
    this.steps = Array.from(steps);
    this.values = Array.from(values, Number);
    this.low = Array.from(min, Number);
    this.high = Array.from(max, Number);
    this.bucketed = stepsPerBucket > 0;
  }

  get last() { return this.steps.at(-1) ?? -1; }

  /** Takes what came after the last entry; what is here already is left out. */
  add({ steps, values, min = values, max = values }) {
    for (let i = 0; i < steps.length; i++) {
      if (steps[i] > this.last) this.push(steps[i], Number(values[i]), Number(min[i]), Number(max[i]));
    }
    if (this.steps.length > mostEntries) this.halve();
  }

  /** This one, and behind it what another one knows of later steps. */
  followedBy(other) {
    const joined = new Series({ steps: this.steps, values: this.values, min: this.low, max: this.high });
    joined.bucketed = this.bucketed;
    for (let i = firstAfter(other.steps, this.last); i < other.steps.length; i++) joined.push(other.steps[i], other.values[i], other.low[i], other.high[i]);
    return joined;
  }

  push(step, value, low, high) {
    this.steps.push(step);
    this.values.push(value);
    this.low.push(low);
    this.high.push(high);
  }

  /** Two neighbours become one bucket, which keeps their extremes. */
  halve() {
    const halved = new Series();
    for (let i = 0; i < this.steps.length; i += 2) {
      const j = Math.min(i + 1, this.steps.length - 1);
      halved.push(this.steps[j], this.values[j], least(this.low[i], this.low[j]), greatest(this.high[i], this.high[j]));
    }
    Object.assign(this, halved, { bucketed: true });
  }
}

/** The index of the first entry after a step. */
export const firstAfter = (steps, step) => {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] > step) high = middle; else low = middle + 1;
  }
  return low;
};

const least = (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b));
const greatest = (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));
