// Which of the compared runs a person keeps in view; the others are dimmed everywhere on the page.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);
let kept;

/** Whether a run is in view. */
export const isKept = (id) => kept === undefined || kept.has(id);

export const keptRuns = () => kept;

/** @param ids those that stay, undefined for all; @param runs all of them, in the order of the table's columns. */
export const keep = (ids, runs) => {
  kept = ids && new Set(ids);
  const dimmed = runs.flatMap(({ id }, i) => (isKept(id) ? [] : [`.compare tr:not(.section) > :nth-child(${i + 2})`]));
  sheet.replaceSync(dimmed.length > 0 ? `${dimmed.join(',')} { opacity: 0.3; }` : '');
  document.dispatchEvent(new CustomEvent('hub-brush'));
};
