// How far up an axis of losses reaches, so that single values far from the others do not set it: the first epoch of a run that began badly, or a run that exploded. LossScale does the same for reports;
// tests/loss-scale.json holds both to the same figures.

// Of the points of a curve so many lie below what is usual for it.
const usualPart = 0.9;
// So many times what is usual is far.
const far = 4;
// What guessing costs among a hundred and fifty classes: below it lies where training begins, and that is never far.
const guess = 5;
// As in RobustScale: so many times the distance between the quartiles, and never less than this.
const reach = 2;
const leastSpread = 1e-4;
// What would win less room stays as it is.
const worth = 1.25;

/** The greatest of some values that is not far from the others. */
const greatestUsual = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const { length } = sorted;
  const quarter = length >> 2;
  const spread = Math.max(sorted.at(-1 - quarter) - sorted[quarter], leastSpread);
  const limit = Math.max(far * sorted[(length - 1) >> 1], length < 4 ? 0 : sorted[length >> 1] + reach * spread);
  return sorted.findLast((value) => value <= limit);
};

const rounded = (value) => {
  const step = 10 ** Math.floor(Math.log10(value)) / 5;
  return Number((Math.ceil(value / step - 1e-9) * step).toPrecision(12));
};

/** Where an axis of losses ends; undefined where it shows all that there is. @param curves the values of each of them. */
export const topOf = (curves) => {
  const known = curves.map((values) => values.filter(Number.isFinite).sort((a, b) => a - b)).filter(({ length }) => length > 0);
  if (known.length === 0) return undefined;
  const greatest = Math.max(...known.map((values) => values.at(-1)));
  const begins = greatestUsual(known.map((values) => values.at(-1)));
  const usual = greatestUsual(known.map((values) => values[Math.floor(usualPart * (values.length - 1))]));
  const top = begins <= Math.max(guess, far * usual) ? begins : far * usual;
  // Below zero there is no size to compare with.
  return top > 0 && greatest > worth * rounded(top) ? rounded(top) : undefined;
};
