// What lies along the foot of compared curves: how much each run had spent by then, of epochs, steps, images or seconds.
import { between } from '../run/axis.js';

const whole = (value) => Math.round(value).toLocaleString('en');

const kinds = {
  epoch: { name: 'epoch', minInterval: 1, title: (x) => `epoch ${x.toFixed(2)}` },
  step: { name: 'step', title: (x) => `step ${whole(x)}` },
  samples: { name: 'training images seen', title: (x) => `${whole(x)} images` },
  training: { name: 'seconds of training', title: (x) => `${x.toFixed(1)} s of training` },
  time: { name: 'seconds since the first step', title: (x) => `${x.toFixed(1)} s after the first step` },
};

/** Whether an axis needs to know when steps were. */
export const needsTimes = (kind) => kind === 'time';

/** @param zoom the stretch of it that is looked at; all of it where undefined. @param planned how many epochs the longest of the runs that go on is to have. */
export const axisOf = (kind, zoom, planned) => {
  const { title, ...options } = kinds[kind];
  const ends = zoom ? { min: zoom.from, max: zoom.to, minInterval: 0, axisLabel: { showMinLabel: false, showMaxLabel: false } } : { max: kind === 'epoch' ? ({ max }) => Math.max(1, planned, Math.ceil(max)) : undefined };
  return { title, xOf: (x) => x, options: { ...options, ...ends } };
};

/** Makes places of a run's steps. @param samples images in an epoch; null where that is not known, and then there are no places by images. */
export const placesOf = (kind, { stepsPerEpoch, epochSeconds, times }, samples) => {
  if (!stepsPerEpoch) return () => null;
  switch (kind) {
    case 'step': return (step) => step;
    case 'samples': return samples ? (step) => (step / stepsPerEpoch) * samples : () => null;
    case 'training': return trainingSeconds(stepsPerEpoch, epochSeconds);
    case 'time': return (step) => (times.steps.length > 0 ? (between(times.steps, times.unix, step) - times.unix[0]) / 1000 : null);
    default: return (step) => step / stepsPerEpoch;
  }
};

/** Whole epochs as measured; the one that trains goes on at the pace of the last. */
const trainingSeconds = (stepsPerEpoch, epochSeconds) => {
  const ends = [0];
  epochSeconds.forEach((seconds) => ends.push(ends.at(-1) + seconds));
  const done = ends.length - 1;
  return (step) => {
    const epoch = step / stepsPerEpoch;
    if (done === 0) return null;
    const before = Math.min(Math.floor(epoch), done);
    return ends[before] + (epoch - before) * (epochSeconds[before] ?? epochSeconds[done - 1]);
  };
};

/** The last step of a run that lies before or at a place, and the first that lies behind it or there; of no more than so many. */
export const stepsAround = (xOf, x, last) => {
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xOf(middle) <= x) low = middle; else high = middle;
  }
  return [low, high];
};
