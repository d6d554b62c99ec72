// The colours of compared runs, from the theme that is on.
import { colour } from '../charts.js';

const dashes = ['solid', [6, 4], [2, 3]];
const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Between the three colours of the ramp. */
const onRamp = (place) => {
  const stops = [1, 2, 3].map((stop) => channels(colour(`--ramp-${stop}`)));
  const at = Math.min(place * 2, 1.999);
  const [from, to] = [stops[Math.floor(at)], stops[Math.floor(at) + 1]];
  return `rgb(${from.map((value, i) => Math.round(value + (to[i] - value) * (at % 1))).join(', ')})`;
};

/** A run's colour and dash. */
export const tintOf = ({ colour: place, dash, ramp, unknown }) => ({
  tint: unknown ? colour('--queued') : ramp === null ? colour(`--run-${place}`) : onRamp(ramp), dash: dashes[dash],
});
