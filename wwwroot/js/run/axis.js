// What lies along a panel's foot: steps, seen as epochs, as themselves, or as time.
import { exact, marksBetween } from '../clock.js';

const whole = (value) => Math.round(value).toLocaleString('en');

/** The value at a place of one column by the same place of the other; between two known ones as good as even. */
export const between = (at, of, value) => {
  let [low, high] = [0, at.length - 1];
  if (high < 1 || value <= at[0]) return of[0] ?? null;
  if (value >= at[high]) return of[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at[middle] <= value) low = middle; else high = middle;
  }
  return at[high] === at[low] ? of[low] : of[low] + ((of[high] - of[low]) * (value - at[low])) / (at[high] - at[low]);
};

export class StepAxis {
  /** @param times when steps were, as columns `steps` and `unix`. @param goesOn there are epochs to come: the axis has room for them. */
  constructor(kind, { epochs, stepsPerEpoch, times, lastStep, goesOn }) {
    Object.assign(this, { kind, epochs, times, lastStep, goesOn });
    this.stepsPerEpoch = stepsPerEpoch || 1;
  }

  xOf(step) {
    switch (this.kind) {
      case 'step': return step;
      case 'relative': return (between(this.times.steps, this.times.unix, step) - this.times.unix[0]) / 1000;
      case 'wall': return between(this.times.steps, this.times.unix, step);
      default: return step / this.stepsPerEpoch;
    }
  }

  stepOf(x) {
    switch (this.kind) {
      case 'step': return x;
      case 'relative': return between(this.times.unix, this.times.steps, this.times.unix[0] + x * 1000);
      case 'wall': return between(this.times.unix, this.times.steps, x);
      default: return x * this.stepsPerEpoch;
    }
  }

  /** The epoch that the axis ends with where all of it is shown. */
  get end() {
    return Math.max(1, Math.ceil(this.lastStep / this.stepsPerEpoch), this.goesOn ? this.epochs : 0);
  }

  get latest() { return this.times.unix.at(-1) ?? null; }

  /** What ECharts needs to know. @param zoom the steps to show; all where undefined. */
  options(zoom) {
    const ends = zoom ? { min: this.xOf(zoom.from), max: this.xOf(zoom.to) } : {};
    const axisLabel = { showMinLabel: !zoom, showMaxLabel: !zoom };
    switch (this.kind) {
      case 'step': return { name: 'step', min: 0, max: this.end * this.stepsPerEpoch, axisLabel, ...ends };
      case 'relative': return { name: 'seconds since the first step', min: 0, max: this.latest && this.xOf(this.lastStep), axisLabel: { showMinLabel: !zoom, showMaxLabel: false }, ...ends };
      case 'wall': return this.clockTimes({ min: this.times.unix[0] ?? null, max: this.latest, ...ends });
      default: return { name: 'epoch', min: 0, max: this.end, minInterval: zoom || this.end === 1 ? 0 : 1, axisLabel, ...ends };
    }
  }

  /** All that the places of points and marks depend on, as one value that can be compared. */
  placesOf(zoom) {
    const byTime = this.kind === 'relative' || this.kind === 'wall';
    return JSON.stringify([this.kind, this.stepsPerEpoch, zoom, this.end, ...(byTime ? [this.times.steps.length, this.lastStep] : [])]);
  }

  clockTimes({ min, max }) {
    const { minInterval, formatter } = marksBetween(min ?? 0, max ?? 0);
    return { type: 'time', min, max, minInterval, axisLabel: { formatter } };
  }

  /** A place in words. */
  title(x) {
    const step = `step ${whole(this.stepOf(x))}`;
    switch (this.kind) {
      case 'step': return step;
      case 'relative': return `${x.toFixed(1)} s after the first step · ${step}`;
      case 'wall': return `${exact.format(x)} · ${step}`;
      default: return `epoch ${x.toFixed(2)} · ${step}`;
    }
  }
}
