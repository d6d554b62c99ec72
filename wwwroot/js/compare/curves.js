// The curves of one metric of the compared runs.
import { band, curve, frameOf, isOnLog, leftOutOfLog, smooth, smoothing } from '../charts.js';
import { between } from '../run/axis.js';
import { firstAfter } from '../run/series.js';
import { placesOf } from './axis.js';
import { isKept } from './brush.js';
import { topOf } from './scale.js';
import { tintOf } from './tints.js';

// With more runs the raw curves behind would cover the others.
const mostRaw = 20;
const mostInTooltip = 12;
const mostNamed = 3;

/** A run's points of a metric, as far as they are looked at and one more on each side: rows of place, value, measured, least, greatest, step. */
const rowsOf = (run, histories, metric, view, style) => {
  const history = histories.get(run.id);
  const series = histories.seriesOf(run, metric, view.axis, view.zoom);
  if (!series) return { rows: [], bucketed: false };
  const xOf = placesOf(view.axis, history, run.samples);
  const isLog = view.log.includes(metric);
  const drawable = (value) => (Number.isFinite(value) && (!isLog || isOnLog(value)) ? style.scale(value) : null);
  const rows = series.steps.map((step, i) => [xOf(step), drawable(series.values[i]), drawable(series.values[i]), drawable(series.low[i]), drawable(series.high[i]), step])
    .filter(([x]) => x !== null);
  const smoothed = style.smooth && rows.length > smoothing.from && view.smoothing > 0;
  return { rows: inView(smoothed ? smooth(rows, view.smoothing) : rows, view.zoom), smoothed, bucketed: series.bucketed };
};

const inView = (rows, zoom) => {
  if (!zoom) return rows;
  const xs = rows.map(([x]) => x);
  const shown = rows.slice(Math.max(0, firstAfter(xs, zoom.from) - 1), firstAfter(xs, zoom.to) + 1);
  return shown.some(([x]) => x >= zoom.from && x <= zoom.to) || shown.length > 1 ? shown : [];
};

/** Every run on its own. */
const single = (runs, histories, metric, view, style) => runs.flatMap((run) => {
  if (view.hidden.has(run.id)) return [];
  const { rows, smoothed, bucketed } = rowsOf(run, histories, metric, view, style);
  if (rows.length === 0) return [];
  const { tint, dash } = tintOf(run);
  const [opacity, z] = isKept(run.id) ? [1, 3] : [0.08, 1];
  const lines = [curve(run.name, rows.map((row) => row.slice(0, bucketed ? 5 : 3)), tint, { id: run.id, dash, opacity, z })];
  if (smoothed && runs.length <= mostRaw && isKept(run.id)) lines.push(curve('', rows.map(([x, , raw]) => [x, raw]), tint, { id: `${run.id}:raw`, opacity: 0.25, z: 1 }));
  if (view.bands && bucketed && isKept(run.id)) lines.push(band(`${run.id}:band`, rows.map(([x, , , low, high]) => [x, low, high]), tint));
  return lines;
});

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The mean of each group's runs, step by step as far as all of them have come, and its 95 % interval. Where steps took them different times, they are at their mean. */
const grouped = (runs, histories, metric, view, style) => view.groups.flatMap(({ name, members, margins }) => {
  if (view.hidden.has(runs[members[0]].id)) return [];
  const own = members.map((i) => runs[i]).map((run) => rowsOf(run, histories, metric, view, style).rows.filter(([, y]) => y !== null)).filter((rows) => rows.length > 0);
  if (own.length === 0) return [];
  const columns = own.map((rows) => ({ steps: rows.map((row) => row[5]), xs: rows.map(([x]) => x), ys: rows.map(([, y]) => y) }));
  const end = Math.min(...columns.map(({ steps }) => steps.at(-1)));
  const rows = columns[0].steps.filter((step) => step <= end).map((step) => {
    const x = meanOf(columns.map(({ steps, xs }) => between(steps, xs, step)));
    const values = columns.map(({ steps, ys }) => between(steps, ys, step));
    const mean = meanOf(values);
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    const margin = margins[values.length] * deviation;
    // What is never negative has no interval that is: a loss, an accuracy, a speed.
    const least = values.every((value) => value >= 0) ? 0 : -Infinity;
    // Of equal values rounding leaves a spread that is none.
    return margin > Math.abs(mean) * 1e-9 ? [x, mean, mean, Math.max(least, mean - margin), mean + margin] : [x, mean];
  });
  const first = runs[members[0]];
  const { tint, dash } = tintOf(first);
  const kept = members.some((i) => isKept(runs[i].id));
  const lines = [curve(`${name} (${own.length})`, rows, tint, { id: first.id, dash, opacity: kept ? 1 : 0.08, z: kept ? 3 : 1 })];
  if (own.length > 1 && kept) lines.push(band(`${first.id}:band`, rows.map(([x, , , low = null, high = null]) => [x, low, high]), tint));
  return lines;
});

/** What the curves in view have near a place on the axis; one that ended before it has nothing. */
export const hitsAt = (lines, x) => lines.flatMap(({ name, data, itemStyle }) => {
  const after = firstAfter(data, x, ([place]) => place);
  const [before, behind] = [data[after - 1], data[after]];
  const nearest = !before || (behind && behind[0] - x < x - before[0]) ? behind : before;
  const apart = data.length > 1 ? (data.at(-1)[0] - data[0][0]) / (data.length - 1) : Infinity;
  return nearest && nearest[1] !== null && Math.abs(nearest[0] - x) <= apart ? [{ seriesName: name, value: nearest, color: itemStyle.color }] : [];
});

/** What the logarithmic axis of a metric leaves out of the runs' curves, in words. */
export const leftOut = (runs, histories, metric, view, style) => (view.log.includes(metric) ? leftOutOfLog(runs.flatMap((run) => {
  const found = histories.seriesOf(run, metric, view.axis, view.zoom);
  if (!found) return [];
  const { values, low } = found;
  return [{ name: run.name, values: [...values, ...low].map(style.scale) }];
})) : '');

/** Where the axis of a loss ends, and the curves that reach beyond it; undefined where it shows all. */
const clippedOf = (series, metric, view) => {
  if (!metric.includes('loss') || view.log.includes(metric) || view.whole.includes(metric)) return undefined;
  const named = series.filter(({ name }) => name);
  const top = topOf(named.map(({ data }) => data.flatMap(([, y]) => (y === null ? [] : [y]))));
  const beyond = top === undefined ? [] : named.filter(({ data }) => data.some(([, y]) => y > top));
  return beyond.length > 0 ? { top, beyond } : undefined;
};

/** A mark at the upper edge where a curve is furthest beyond it. */
const markOf = ({ data, itemStyle }, top) => {
  const [x] = data.reduce((a, b) => (b[1] > a[1] ? b : a), [0, -Infinity]);
  return { value: [x, top], itemStyle };
};

/** Which curves leave the picture, in words; empty where none does. */
export const clippedWords = (clipped, format, groups) => {
  if (!clipped) return '';
  const { top, beyond } = clipped;
  const names = beyond.slice(0, mostNamed).map(({ name }) => name).join(', ');
  const more = beyond.length > mostNamed ? ` and ${beyond.length - mostNamed} more` : '';
  const what = groups ? 'group' : 'run';
  return `${beyond.length} ${beyond.length === 1 ? `${what} leaves` : `${what}s leave`} the picture above ${format(top)}: ${names}${more}.`;
};

/** Everything that ECharts needs to draw a metric, of its series those that are named and in view, and what lies beyond its axis. */
export const optionsOf = (chart, runs, histories, metric, view, style, axis) => {
  const series = (view.groups ? grouped : single)(runs, histories, metric, view, style);
  const lines = series.filter(({ name, data, lineStyle }) => name && data.length > 0 && lineStyle.opacity === 1);
  const options = frameOf({
    chart, isFraction: style.isFraction, isLog: view.log.includes(metric), format: style.format, xAxis: axis.options, title: axis.title, most: mostInTooltip,
    lowIsBetter: metric.includes('loss'), hitsAt: (x) => hitsAt(lines, x),
  });
  const clipped = clippedOf(series, metric, view);
  if (clipped) {
    options.yAxis.max = clipped.top;
    options.yAxis.axisLabel.showMaxLabel = false; // where the picture ends is no round number
    series.push({ id: 'beyond', type: 'scatter', silent: true, clip: false, symbol: 'triangle', symbolSize: [8, 6], symbolOffset: [0, 4], z: 5, tooltip: { show: false }, data: clipped.beyond.map((one) => markOf(one, clipped.top)) });
  }
  return { options: { ...options, series }, lines, clipped };
};
