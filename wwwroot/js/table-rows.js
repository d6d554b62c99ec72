// The rows of a table are one stop of the Tab key. Arrows go from row to row, Space ticks, Enter opens, and the arrow to the right goes to what else is in the row. The headings are one
// stop as well. Stops are put in order just before Tab looks for the next one, so that nothing has to be done while rows come and go.
const inRow = 'a[href], button, input, select';
const inHead = 'input, a[href], button';
// The columns of a comparison are its runs: there is nothing to do with its rows.
const kind = 'table.table:not(.compare)';
const tables = () => document.querySelectorAll(kind);
const controlsOf = (row) => [...row.querySelectorAll(inRow)];
const rowsOf = (table) => [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.querySelector(inRow));

/** The row, and the heading, of each table where a person was last. */
const current = new WeakMap();
const headings = new WeakMap();

const rowNow = (table) => {
  const row = current.get(table);
  return row?.isConnected ? row : rowsOf(table)[0];
};

const settleTable = (table) => {
  const rows = rowsOf(table);
  if (rows.length === 0) return false;
  const now = rowNow(table);
  rows.forEach((row) => {
    row.tabIndex = row === now ? 0 : -1;
    controlsOf(row).forEach((control) => { control.tabIndex = -1; });
  });
  const heads = [...table.tHead?.querySelectorAll(inHead) ?? []];
  const head = headings.get(table)?.isConnected ? headings.get(table) : heads.find((control) => control.matches('th *')) ?? heads[0];
  heads.forEach((control) => { control.tabIndex = control === head ? 0 : -1; });
  table.querySelectorAll('.grip').forEach((grip) => { grip.tabIndex = -1; });
  const frame = table.closest('.table-frame[tabindex]');
  if (frame) frame.tabIndex = -1;
  return true;
};

const settle = () => {
  const settled = [...tables()].filter(settleTable).length;
  // By a script and not by :has() over the whole page, which would be asked again with each element that comes.
  document.querySelector('[data-to-rows]')?.toggleAttribute('hidden', settled === 0);
};

const go = (row) => {
  if (!row) return;
  row.tabIndex = 0;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest', inline: 'nearest' });
};

/** Goes to the rows of the page's first table. False where it has none. */
export const enterRows = () => {
  const table = [...tables()].find((one) => rowsOf(one).length > 0);
  if (!table) return false;
  settle();
  go(rowNow(table));
  return true;
};

const onRow = (event, table, row) => {
  const rows = rowsOf(table);
  const at = rows.indexOf(row);
  // What the row is about is named at its beginning.
  const link = row.querySelector('td:first-child a[href], th:first-child a[href], :nth-child(2) > * > a[href], :nth-child(2) > a[href]');
  const act = {
    ArrowDown: () => go(rows[Math.min(at + 1, rows.length - 1)]), ArrowUp: () => go(rows[Math.max(at - 1, 0)]), Home: () => go(rows[0]), End: () => go(rows.at(-1)),
    ' ': () => row.querySelector('input[type="checkbox"]')?.click(), Enter: () => (link ? link.click() : controlsOf(row)[0].focus()), ArrowRight: () => controlsOf(row)[0].focus(),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
};

/** From one thing in a row to the next, back to the row, or to the same thing of another row. */
const inside = (event, row) => {
  const controls = controlsOf(row);
  const at = controls.indexOf(event.target);
  const cell = event.target.closest('td, th');
  const other = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
  const target = event.key === 'ArrowRight' ? controls[at + 1] : event.key === 'ArrowLeft' ? controls[at - 1] ?? row : other?.children[cell.cellIndex]?.querySelector(inRow) ?? other;
  if (at < 0 || !target) return;
  event.preventDefault();
  target.focus();
};

const onHead = (event, table) => {
  const heads = [...table.tHead.querySelectorAll(inHead)];
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const target = by ? heads[heads.indexOf(event.target) + by] : event.key === 'ArrowDown' ? rowNow(table) : undefined;
  if (!target || event.target.matches('.grip')) return;
  event.preventDefault();
  target.focus();
};

document.addEventListener('keydown', (event) => {
  if (event.key === 'Tab') { settle(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.defaultPrevented) return;
  const frame = event.target.matches('.table-frame') && event.target.querySelector(kind);
  if (frame && event.key === 'ArrowDown' && rowNow(frame)) {
    event.preventDefault();
    settle();
    go(rowNow(frame));
    return;
  }
  const table = event.target.closest(kind);
  const row = event.target.closest('tbody tr');
  if (!table || event.target.closest('.menu')) return;
  if (row === event.target) onRow(event, table, row);
  else if (row && !event.target.matches('select, input:not([type="checkbox"])')) inside(event, row);
  else if (event.target.closest('thead')) onHead(event, table);
}, true);

document.addEventListener('focusin', (event) => {
  const table = event.target.closest(kind);
  const row = event.target.closest('tbody tr');
  if (table && row) current.set(table, row);
  else if (table && event.target.closest('thead')) headings.set(table, event.target);
});
