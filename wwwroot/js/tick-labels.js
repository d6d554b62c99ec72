// What stands at the marks of an axis: as many digits as the steps between them need, and no more. TickLabels.cs does the same for what the hub draws itself;
// tests/tick-labels.json holds both to the same words.

// What a rounded mark may be away from its place, as a part of the step to its neighbour.
const tolerated = 0.02;
const mostDecimals = 20;
const mostDigits = 15;
const thousands = ' k';

const leastStep = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.min(...sorted.slice(1).map((value, i) => value - sorted[i]));
};

const grouped = (text) => {
  const [whole, ...part] = text.split('.');
  return [whole.replace(/\B(?=(\d{3})+$)/g, ','), ...part].join('.');
};

const trimmed = (exponential) => exponential.replace(/\.?0+e/, 'e').replace('e+', 'e');

/** All with the same number of decimals. Of a single value there is no step: it gets five digits at most. */
const fixed = (values, step, [unit, word]) => {
  const scaled = values.map((value) => value / unit);
  const near = Number.isFinite(step) ? (step / unit) * tolerated : Math.abs(scaled[0]) * 5e-5;
  let decimals = 0;
  while (decimals < mostDecimals && scaled.some((value) => Math.abs(Number(value.toFixed(decimals)) - value) > near)) decimals++;
  return scaled.map((value) => (value === 0 && word === thousands ? '0' : `${grouped(value.toFixed(decimals))}${word}`));
};

const exponential = (values, step) => values.map((value) => {
  if (value === 0) return '0';
  const near = Number.isFinite(step) ? step * tolerated : Math.abs(value) * 5e-5;
  let digits = 1;
  while (digits < mostDigits && Math.abs(Number(value.toPrecision(digits)) - value) > near) digits++;
  return trimmed(value.toExponential(digits - 1));
});

/** The shortest of the ways to write them that make sense for their size. */
const linear = (values) => {
  const step = leastStep(values);
  // What rounding left of a zero.
  const exact = values.map((value) => (Number.isFinite(step) && Math.abs(value) < step * 1e-6 ? 0 : value));
  const greatest = Math.max(...exact.map(Math.abs));
  const ways = greatest < 1e15 ? [fixed(exact, step, [1, ''])] : [];
  if (greatest >= 1e4 && greatest < 1e7) ways.push(fixed(exact, step, [1000, thousands]));
  if (greatest >= 1e7 || (greatest > 0 && greatest < 1e-4)) ways.push(exponential(exact, step));
  const longest = (texts) => Math.max(...texts.map((text) => text.length));
  return ways.reduce((best, way) => (longest(way) < longest(best) ? way : best));
};

/** Each of its own size: all with as many digits as tell neighbours apart. */
const logarithmic = (values) => {
  const near = values.map((value) => Math.min(...values.filter((other) => other !== value).map((other) => Math.abs(other - value)), Math.abs(value)) * tolerated);
  let digits = 1;
  while (digits < mostDigits && values.some((value, i) => Math.abs(Number(value.toPrecision(digits)) - value) > near[i])) digits++;
  return values.map((value) => {
    const size = Math.abs(value);
    if (size >= 1e7 || size < 1e-4) return trimmed(value.toExponential(digits - 1));
    return grouped(String(Number(value.toPrecision(digits))));
  });
};

/** Whether each mark has a place of its own: one that only rounding tells apart from one before it is no step, and would write the same twice. */
const standsAlone = (ticks, isLog) => {
  const places = isLog ? ticks.map(Math.log10) : ticks;
  const rounding = (Math.max(...places) - Math.min(...places)) * 1e-6;
  return places.map((place, i) => !places.slice(0, i).some((other) => Math.abs(other - place) <= rounding));
};

const written = (marks, isFraction, isLog) => {
  if (isFraction) return fixed(marks, leastStep(marks), [0.01, ' %']);
  return (isLog ? logarithmic : linear)(marks);
};

/** @param ticks the values at the marks of one axis. @param isFraction they are shown as per cent. @returns a text for each; none where a mark stands on one before it. */
export const tickLabels = (ticks, { isFraction = false, isLog = false } = {}) => {
  if (ticks.length === 0) return [];
  const alone = standsAlone(ticks, isLog);
  const labels = written(ticks.filter((_, i) => alone[i]), isFraction, isLog);
  return alone.map((has) => (has ? labels.shift() : ''));
};

/** How many decimals the marks of an axis need: what is read between them needs one more. */
export const tickDecimals = (labels) => Math.max(0, ...labels.map((label) => /\.(\d+)/.exec(label)?.[1].length ?? 0));
