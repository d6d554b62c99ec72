// What the frame does without asking the server: the drawer on small screens, keyboard shortcuts, copying, reloading.
import './hub-tabs.js';
import './menus.js';
import { enterRows } from './table-rows.js';

const root = document.documentElement;

const setDrawer = (open) => {
  root.toggleAttribute('data-drawer', open);
  document.querySelector('[data-open-drawer]')?.setAttribute('aria-expanded', String(open));
  if (open) document.querySelector('#navigation a')?.focus();
};

const copy = async (button) => {
  const source = button.dataset.copyFrom ? document.getElementById(button.dataset.copyFrom)?.textContent : button.dataset.copy;
  const label = button.querySelector('[data-copy-label]');
  const before = label?.textContent;
  try {
    await navigator.clipboard.writeText(source ?? '');
    if (label) label.textContent = 'Copied';
  } catch {
    if (label) label.textContent = 'Not allowed';
  }
  if (label) setTimeout(() => { label.textContent = before; }, 1500);
};

document.addEventListener('click', (event) => {
  const at = (selector) => event.target.closest(selector);
  const copyButton = at('[data-copy], [data-copy-from]');
  if (copyButton) copy(copyButton);
  else if (at('[data-reload]')) location.reload();
  else if (at('[data-open-drawer]')) setDrawer(!root.hasAttribute('data-drawer'));
  else if (at('[data-open-shortcuts]')) showShortcuts();
  else if (at('[data-close-shortcuts]')) document.getElementById('shortcuts')?.close();
  else if (root.hasAttribute('data-drawer') && (at('#navigation a') || !at('#navigation'))) setDrawer(false);

  if (at('.skip-link')) {
    // With a base address a plain fragment link would leave the page.
    event.preventDefault();
    if (!at('[data-to-rows]') || !enterRows()) document.getElementById('content')?.focus();
  }
}, true);

const typing = (element) => element.closest('input:not([type="checkbox"]), textarea, select, [contenteditable], [role="combobox"]') !== null;

const mostWait = 5_000;
const filterField = () => document.querySelector('[data-filter] input');

/**
 * From a page without a filter field to the runs. What is typed on the way is meant for the field. The title of the new page takes the focus when it comes: only then does the field take it, for a
 * field that loses it has been filled in. All ends when the person does something else.
 */
const toFilter = () => {
  let [typed, arrived] = ['', false];
  const ends = new AbortController();
  const { signal } = ends;
  const end = () => ends.abort();
  const enter = () => {
    const field = filterField();
    if (!field || !arrived || document.activeElement === field) return;
    field.focus();
    if (typed === '') return;
    field.setRangeText(typed, field.selectionStart, field.selectionEnd, 'end');
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    typed = '';
  };
  document.addEventListener('keydown', (event) => {
    if (document.activeElement === filterField() || event.key === 'Escape' || event.key === 'Tab') { end(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1) return;
    event.preventDefault();
    event.stopPropagation();
    typed += event.key;
  }, { signal, capture: true });
  document.addEventListener('pointerdown', end, { signal, capture: true });
  const watch = new MutationObserver(enter);
  watch.observe(document.body, { childList: true, subtree: true });
  document.addEventListener('focusin', (event) => {
    arrived ||= event.target.matches('h1');
    enter();
  }, { signal });
  signal.addEventListener('abort', () => watch.disconnect());
  // A hub without a run has no field.
  setTimeout(() => {
    arrived = true;
    if (!signal.aborted) enter();
    end();
  }, mostWait);
  Blazor.navigateTo('/runs');
};

/** The list says what there is to press on this page. */
const showShortcuts = () => {
  const list = document.getElementById('shortcuts');
  list?.querySelectorAll('[data-where]').forEach((line) => { line.hidden = !document.querySelector(line.dataset.where); });
  list?.showModal();
};

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && root.hasAttribute('data-drawer')) {
    setDrawer(false);
    document.querySelector('[data-open-drawer]')?.focus();
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open], .mud-dialog')) return;
  const actions = {
    n: () => Blazor.navigateTo('/runs/new'),
    '/': () => {
      const filter = filterField();
      if (filter) filter.focus();
      else toFilter();
    },
    t: enterRows,
    c: () => document.querySelector('[data-compare-selection]')?.click(),
    '?': showShortcuts,
  };
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// Enter in an open list takes the choice and must not send the form around it as well.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && event.target.matches('form [role="combobox"][aria-expanded="true"]')) event.preventDefault();
}, true);
