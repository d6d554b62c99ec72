// Which of the compared runs a person keeps in view; the others are dimmed everywhere on the page.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);
let kept;

/** Whether a run is in view. */
export const isKept = (id) => kept === undefined || kept.has(id);

/** @param ids those that stay, undefined for all; @param runs all of them, in the order that the table numbers them in. */
export const keep = (ids, runs) => {
  kept = ids && new Set(ids);
  const dimmed = runs.flatMap(({ id }, i) => (isKept(id) ? [] : [`.of-${i}`]));
  // Cells that stay in place cover what goes by behind them, so only what is in them fades.
  sheet.replaceSync(dimmed.length > 0 ? `.compare :is(tr:is(${dimmed}) > *, :is(th, td):is(${dimmed})) > * { opacity: 0.3; }` : '');
  document.dispatchEvent(new CustomEvent('hub-brush'));
};

/** What is brushed of an axis, in the words of the address: words that stay, or the ends of a range. Null where nothing is. */
export const valuesOf = ({ words }, intervals) => {
  if (intervals.length === 0) return null;
  if (words) return words.filter((_, i) => intervals.some(([low, high]) => low <= i && i <= high));
  return intervals[0].map((end) => String(+end.toPrecision(6)));
};

/** The stretches of an axis that its brush covers. Words lie at 0, 1, 2…, and a stretch reaches a little around them. */
export const intervalsOf = ({ words, values, brush }) => {
  if (!brush) return [];
  if (!words) {
    const known = values.filter((value) => value !== null);
    const [low, high] = [brush[0] === '' ? Math.min(...known) : Number(brush[0]), brush[1] === '' ? Math.max(...known) : Number(brush[1])];
    return Number.isFinite(low) && Number.isFinite(high) ? [[low, high]] : [];
  }
  const stretches = [];
  words.forEach((word, i) => {
    if (!brush.includes(word)) return;
    if (stretches.at(-1)?.[1] === i - 0.7) stretches.at(-1)[1] = i + 0.3;
    else stretches.push([i - 0.3, i + 0.3]);
  });
  return stretches;
};
