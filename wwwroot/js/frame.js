// What the frame does without asking the server: the drawer on small screens, keyboard shortcuts, copying, reloading.
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
  else if (at('[data-open-shortcuts]')) document.getElementById('shortcuts')?.showModal();
  else if (at('[data-close-shortcuts]')) document.getElementById('shortcuts')?.close();
  else if (root.hasAttribute('data-drawer') && (at('#navigation a') || !at('#navigation'))) setDrawer(false);

  if (at('.skip-link')) {
    // With a base address a plain fragment link would leave the page.
    event.preventDefault();
    document.getElementById('content')?.focus();
  }
}, true);

const typing = (element) => element.closest('input:not([type="checkbox"]), textarea, select, [contenteditable], [role="combobox"]') !== null;

/** In a table the arrows go to the same place of the next row; the space bar then ticks or opens by itself. */
const moveInTable = (event) => {
  const row = event.target.closest('tbody tr');
  const cell = event.target.closest('td, th');
  const next = event.key === 'ArrowDown' ? row?.nextElementSibling : row?.previousElementSibling;
  const target = cell && next?.children[cell.cellIndex]?.querySelector('a, input, button');
  if (!target) return;
  event.preventDefault();
  target.focus();
};

document.addEventListener('keydown', (event) => {
  const inTable = event.target.closest('tbody') && event.target.matches('a, [type="checkbox"], button:not([aria-expanded="true"])');
  if (inTable && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) moveInTable(event);
  if (event.key === 'Escape' && root.hasAttribute('data-drawer')) setDrawer(false);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open], .mud-dialog')) return;
  const actions = {
    n: () => Blazor.navigateTo('/runs/new'),
    '/': () => {
      const filter = document.querySelector('[data-filter] input');
      if (filter) filter.focus();
      else Blazor.navigateTo('/runs');
    },
    c: () => document.querySelector('[data-compare-selection]')?.click(),
    '?': () => document.getElementById('shortcuts')?.showModal(),
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

// A small menu closes when something in it was done, when the person goes elsewhere, and with Escape.
const closeMenus = (except) => document.querySelectorAll('details.menu[open]').forEach((menu) => { if (menu !== except) menu.open = false; });
document.addEventListener('click', (event) => closeMenus(event.target.closest('[data-close-menu]') ? null : event.target.closest('details.menu')));
document.addEventListener('focusin', (event) => {
  // A press on the words of a menu gives the focus to what is around it. That is not elsewhere, and a menu that closed under the press would lose the click.
  const within = [...document.querySelectorAll('details.menu[open]')].find((menu) => event.target.contains(menu));
  closeMenus(within ?? event.target.closest('details.menu'));
});
document.addEventListener('keydown', (event) => {
  const menu = event.key === 'Escape' && event.target.closest('details.menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});
