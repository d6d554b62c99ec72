// Looking closer: by dragging over a panel, with the wheel, with keys. What is looked at is a stretch of the axis, the same in all panels: of steps on a run's page, of what was spent where runs are compared.

const dragFrom = 5; // pixels; less is a click
const step = 1.5; // how much closer one turn looks

export class Zoom {
  /**
   * @param page `zoom` and `cursor` of the panels; `look(zoom)`; `end`, where the curves end.
   * @param finest the end's shortest stretch that is worth looking at; @param round what makes a place of a number.
   */
  constructor(page, finest, round = (value) => value) { Object.assign(this, { page, finest, round }); }

  /** What is looked at, whether a part or all of it. */
  get range() { return this.page.zoom ?? { from: 0, to: this.page.end }; }

  /** Looks at what lies between two places, as far as there is anything. */
  to(a, b) {
    const { end } = this.page;
    const least = this.finest(end);
    if (end < least) return;
    const width = Math.max(least, this.round(Math.abs(b - a)));
    const from = Math.max(0, Math.min(this.round(Math.min(a, b)), end - width));
    this.page.look(width >= end ? undefined : { from, to: Math.min(end, from + width) });
  }

  reset() { this.page.look(undefined); }

  /** Looks closer (more than 1) or from farther away (less), at what lies around a place. */
  by(factor, around) {
    const { from, to } = this.range;
    const centre = around ?? (from + to) / 2;
    this.to(centre - (centre - from) / factor, centre + (to - centre) / factor);
  }

  /** Moves along by a part of what is looked at. */
  along(part) {
    const { from, to } = this.range;
    const shift = this.round((to - from) * part);
    const start = Math.max(0, Math.min(from + shift, this.page.end - (to - from)));
    this.to(start, start + (to - from));
  }

  attach(panel) {
    const { place } = panel;
    place.addEventListener('pointerdown', (event) => this.drag(panel, event));
    place.addEventListener('dblclick', () => this.reset());
    place.addEventListener('wheel', (event) => {
      if (!panel.chart || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault(); // or the whole page grows
      this.by(event.deltaY < 0 ? step : 1 / step, panel.at(event));
    }, { passive: false });
    place.addEventListener('keydown', (event) => this.key(panel, event));
  }

  drag(panel, down) {
    if (!panel.chart || down.button !== 0) return;
    const { place } = panel;
    let mark;
    const move = (event) => {
      if (!mark && Math.abs(event.clientX - down.clientX) < dragFrom) return;
      if (!mark) {
        mark = document.createElement('div');
        mark.className = 'selection';
        place.append(mark);
        place.setPointerCapture(down.pointerId);
      }
      const left = place.getBoundingClientRect().left;
      const [a, b] = [down.clientX - left, event.clientX - left].sort((one, other) => one - other);
      mark.style.left = `${a}px`;
      mark.style.width = `${b - a}px`;
    };
    const end = (event) => {
      place.removeEventListener('pointermove', move);
      place.removeEventListener('pointerup', end);
      place.removeEventListener('pointercancel', end);
      mark?.remove();
      if (mark && event.type === 'pointerup') this.to(panel.at(down), panel.at(event));
    };
    place.addEventListener('pointermove', move);
    place.addEventListener('pointerup', end);
    place.addEventListener('pointercancel', end);
  }

  key(panel, event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { cursor } = this.page;
    const keys = {
      '+': () => this.by(step, cursor.at), '=': () => this.by(step, cursor.at), '-': () => this.by(1 / step, cursor.at), 0: () => this.reset(),
      ArrowLeft: () => (event.shiftKey ? this.along(-0.25) : cursor.move(panel, -1)),
      ArrowRight: () => (event.shiftKey ? this.along(0.25) : cursor.move(panel, 1)),
      Home: () => cursor.move(panel, -Infinity), End: () => cursor.move(panel, Infinity), Escape: () => cursor.hide(),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }
}
