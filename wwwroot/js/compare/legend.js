// The runs whose curves are drawn, the best first, with what they came to. A tick shows or hides a curve, "only" shows it alone, and the one that is pointed at or focused stands out. One stop of the
// Tab key; arrows go through it.
import { tintOf } from './tints.js';

// More of them scroll in a frame of their own.
const mostAtOnce = 8;
const dashes = { 6: '4 3', 2: '2 2' };

const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

const swatchOf = (run) => {
  const { tint, dash } = tintOf(run);
  const made = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  made.setAttribute('viewBox', '0 0 16 4');
  made.setAttribute('class', 'swatch');
  made.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
  Object.entries({ x1: 1, y1: 2, x2: 15, y2: 2, 'stroke-width': 3 }).forEach(([name, value]) => line.setAttribute(name, value));
  line.style.stroke = tint;
  const gaps = dashes[dash[0]];
  if (gaps) line.setAttribute('stroke-dasharray', gaps);
  made.append(line);
  return made;
};

export class Legend {
  /** @param place the page's element for it. @param changed is told that curves were shown or hidden; pointed gets the id of the one that stands out, undefined for none. */
  constructor(place, { changed, pointed }, signal) {
    Object.assign(this, { place, changed, pointed, hidden: new Set() });
    place.addEventListener('change', ({ target }) => this.toggle(target.value), { signal });
    place.addEventListener('click', ({ target }) => this.press(target.closest('button')), { signal });
    place.addEventListener('keydown', (event) => this.key(event), { signal });
    place.addEventListener('pointerover', ({ target }) => this.point(target), { signal });
    place.addEventListener('pointerleave', () => this.point(), { signal });
    place.addEventListener('focusin', ({ target }) => { if (target.matches(':focus-visible')) this.point(target); }, { signal });
    place.addEventListener('focusout', () => this.point(), { signal });
  }

  /** @param entries { id, name, value, run }, in order; @param words what they are ordered by. */
  show(entries, words) {
    const all = new Set(entries.map(({ id }) => id));
    this.hidden.forEach((id) => { if (!all.has(id)) this.hidden.delete(id); });
    this.ids = [...all];
    const focused = this.place.contains(document.activeElement) ? document.activeElement.value : undefined;
    this.all = element('button', { type: 'button', className: 'text-button', textContent: 'Show all', hidden: this.hidden.size === 0 });
    this.list = element('ul', {}, ...entries.map((entry) => this.item(entry)));
    this.list.setAttribute('aria-label', `Curves, by ${words}`);
    this.place.classList.toggle('many', entries.length > mostAtOnce);
    this.place.replaceChildren(element('p', { className: 'by', title: 'Space shows or hides a curve, Enter shows it alone' }, element('span', { textContent: `${entries.length} curves, by ${words}` }), this.all), this.list);
    this.stop(focused ?? this.boxes[0]?.value);
    if (focused) this.boxOf(focused)?.focus();
  }

  item({ id, name, value, run }) {
    const box = element('input', { type: 'checkbox', value: id, checked: !this.hidden.has(id), tabIndex: -1 });
    const label = element('label', {}, box, swatchOf(run), element('span', { className: 'curve-name', textContent: name, title: name }), element('span', { className: 'value', textContent: value }));
    const only = element('button', { type: 'button', className: 'text-button only', value: id, textContent: 'only', tabIndex: -1 });
    only.setAttribute('aria-label', `Only ${name}`);
    return element('li', {}, label, only);
  }

  get boxes() { return [...this.list.querySelectorAll('input')]; }

  boxOf(id) { return this.boxes.find(({ value }) => value === id); }

  stop(id) { this.boxes.forEach((box) => { box.tabIndex = box.value === id ? 0 : -1; }); }

  toggle(id) {
    if (!this.hidden.delete(id)) this.hidden.add(id);
    // An empty picture says nothing.
    if (this.hidden.size === this.ids.length) this.hidden.clear();
    this.tell();
  }

  /** Shows a curve alone; where it is alone, all of them. */
  isolate(id) {
    const alone = this.hidden.size === this.ids.length - 1 && !this.hidden.has(id);
    this.hidden = new Set(alone ? [] : this.ids.filter((other) => other !== id));
    this.tell();
  }

  tell() {
    this.boxes.forEach((box) => { box.checked = !this.hidden.has(box.value); });
    this.all.hidden = this.hidden.size === 0;
    this.changed();
  }

  press(button) {
    if (button === this.all) {
      this.hidden.clear();
      this.tell();
      this.boxes.find(({ tabIndex }) => tabIndex === 0)?.focus();
    } else if (button) this.isolate(button.value);
  }

  key(event) {
    if (!event.target.matches('input')) return;
    const { boxes } = this;
    const at = boxes.indexOf(event.target);
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: boxes.length - 1 }[event.key];
    if (event.key === 'Enter') this.isolate(event.target.value);
    else if (to === undefined) return;
    else if (boxes[to]) {
      this.stop(boxes[to].value);
      boxes[to].focus();
    }
    event.preventDefault();
  }

  point(target) {
    const id = target?.closest('li')?.querySelector('input').value;
    // A curve that is alone needs no help.
    const seen = id !== undefined && !this.hidden.has(id) && this.ids.length - this.hidden.size > 1 ? id : undefined;
    if (seen === this.seen) return;
    this.seen = seen;
    this.pointed(seen);
  }
}
