// Arrow keys inside a table of links: one of them is a stop of the tab key, and the arrows move on to the next link in their direction.
const ways = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

const next = (table, cell, [down, right]) => {
  let [row, column] = [cell.parentElement.rowIndex + down, cell.cellIndex + right];
  for (; table.rows[row]?.cells[column]; row += down, column += right) {
    const link = table.rows[row].cells[column].querySelector('a');
    if (link) return link;
  }
  return null;
};

export const attach = (table) => table.addEventListener('keydown', (event) => {
  const from = event.target.closest('a');
  const to = from && ways[event.key] && next(table, from.closest('td'), ways[event.key]);
  if (!to) return;
  event.preventDefault();
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
});
