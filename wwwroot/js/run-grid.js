// Widths of columns: the grip at a heading's end is dragged, or moved with the arrow keys (with Alt from the heading itself); the server hears of it when it is let go.
const step = 16;

export const attach = (frame, page) => {
  const column = (grip) => {
    const heading = grip.closest('th');
    return { name: heading.dataset.column, col: frame.querySelectorAll('col')[heading.cellIndex], width: heading.offsetWidth };
  };
  const tell = (name, width) => page.invokeMethodAsync('ResizeAsync', name, Math.round(width));

  frame.addEventListener('pointerdown', (event) => {
    const grip = event.target.closest('.grip');
    if (!grip) return;
    event.preventDefault();
    const { name, col, width } = column(grip);
    const from = event.clientX;
    const widthAt = (moved) => Math.max(56, width + moved.clientX - from);
    const move = (moved) => { col.style.width = `${widthAt(moved)}px`; };
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener('pointermove', move);
    grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), { once: true });
    grip.addEventListener('pointerup', (up) => { if (up.clientX !== from) tell(name, widthAt(up)); }, { once: true });
  });

  frame.addEventListener('keydown', (event) => {
    // From its heading, too, which the Tab key gets to.
    const grip = event.target.closest('.grip') ?? (event.altKey ? event.target.closest('th')?.querySelector('.grip') : undefined);
    const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
    if (!grip || !by) return;
    event.preventDefault();
    const { name, width } = column(grip);
    tell(name, width + by);
  });
  frame.setAttribute('data-sizable', '');
};
