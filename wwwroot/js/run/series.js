// One metric of a run as far as the page knows it.

// A page that stays open for days keeps what it can show, not all that ever came.
const mostEntries = 2_000;

/** Columns of entries in the order of their steps. An entry is a point, or a bucket of points with its last, least and greatest value; what is not finite makes a gap in the curve. */
export class Series {
  constructor({ steps = [], values = [], min = values, max = values, stepsPerBucket = 0 } = {}) {
    this.steps = Array.from(steps);
    this.values = Array.from(values, Number);
    this.low = Array.from(min, Number);
    this.high = Array.from(max, Number);
    this.bucketed = stepsPerBucket > 0;
    this.revision = 0; // another one after each change
  }

  get last() { return this.steps.at(-1) ?? -1; }

  /** Takes what came after the last entry; what is here already is left out. */
  add({ steps, values, min = values, max = values }) {
    for (let i = 0; i < steps.length; i++) {
      if (steps[i] > this.last) this.push(steps[i], Number(values[i]), Number(min[i]), Number(max[i]));
    }
    if (this.steps.length > mostEntries) this.coarsen();
  }

  /** This one, and behind it what another one knows of later steps. */
  followedBy(other) {
    const joined = new Series({ steps: this.steps, values: this.values, min: this.low, max: this.high });
    joined.bucketed = this.bucketed;
    for (let i = firstAfter(other.steps, this.last); i < other.steps.length; i++) joined.push(other.steps[i], other.values[i], other.low[i], other.high[i]);
    return joined;
  }

  push(step, value, low, high) {
    this.revision++;
    this.steps.push(step);
    this.values.push(value);
    this.low.push(low);
    this.high.push(high);
  }

  /** Puts the entries into half as many buckets of equally many steps, as the hub does, so that the oldest part of a curve is as fine as the newest. */
  coarsen() {
    const width = 2 ** Math.ceil(Math.log2((this.last - this.steps[0] + 1) / (mostEntries / 2 - 1)));
    const coarse = new Series();
    let bucket;
    this.steps.forEach((step, i) => {
      const at = coarse.steps.length - 1;
      if (at >= 0 && Math.floor(step / width) === bucket) {
        [coarse.steps[at], coarse.values[at]] = [step, this.values[i]];
        coarse.low[at] = least(coarse.low[at], this.low[i]);
        coarse.high[at] = greatest(coarse.high[at], this.high[i]);
      } else coarse.push(step, this.values[i], this.low[i], this.high[i]);
      bucket = Math.floor(step / width);
    });
    Object.assign(this, coarse, { bucketed: true, revision: this.revision + 1 });
  }
}

/** The index of the first entry after a step. @param stepOf finds the step of an entry that is more than one. */
export const firstAfter = (steps, step, stepOf = (entry) => entry) => {
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (stepOf(steps[middle]) > step) high = middle; else low = middle + 1;
  }
  return low;
};

const least = (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.min(a, b));
const greatest = (a, b) => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : Math.max(a, b));
