// <details class="menu">: a small menu that needs no server. Opened with the keyboard it takes the focus, arrows go through it, and when it closes it gives the focus back. It closes when
// something in it was done, when the person goes elsewhere, and with Escape.
const all = () => [...document.querySelectorAll('details.menu[open]')];
const opener = (menu) => menu.querySelector(':scope > summary');
const itemsOf = (menu) => [...menu.querySelectorAll(':scope > :not(summary) :is(a[href], button, input, select)')].filter((item) => !item.disabled && item.checkVisibility());
const closeAll = (except) => all().forEach((menu) => { if (menu !== except) menu.open = false; });

const close = (menu) => {
  menu.open = false;
  opener(menu).focus();
};

document.addEventListener('toggle', (event) => {
  const menu = event.target;
  // Whoever opened it with the mouse goes on with the mouse, and no keyboard comes up over a small screen.
  if (menu.matches?.('details.menu[open]') && opener(menu).matches(':focus-visible')) enter(menu);
}, true);

/** Some menus hear only when they open what there is to choose. */
const enter = (menu) => {
  const first = itemsOf(menu)[0];
  if (first) {
    first.focus();
    return;
  }
  const watch = new MutationObserver(() => {
    const item = itemsOf(menu)[0];
    if (item && menu.open && document.activeElement === opener(menu)) item.focus();
    if (item || !menu.open) watch.disconnect();
  });
  watch.observe(menu, { childList: true, subtree: true, attributes: true });
};

document.addEventListener('click', (event) => {
  const done = event.target.closest('[data-close-menu]');
  const menu = event.target.closest('details.menu');
  // A click without a place came from the keyboard.
  if (done && menu && event.detail === 0) close(menu);
  closeAll(done ? null : menu);
});

document.addEventListener('focusin', (event) => {
  // A press on the words of a menu gives the focus to what is around it. That is not elsewhere, and a menu that closed under the press would lose the click.
  const within = all().find((menu) => event.target.contains(menu));
  closeAll(within ?? event.target.closest('details.menu'));
});

document.addEventListener('keydown', (event) => {
  const menu = event.target.closest('details.menu');
  if (!menu || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape' && menu.open) {
    event.preventDefault();
    close(menu);
    return;
  }
  const items = itemsOf(menu);
  const at = items.indexOf(event.target);
  if (event.target.matches('select') || (at < 0 && event.target !== opener(menu))) return;
  const isText = event.target.matches('input:not([type="checkbox"]):not([type="radio"])');
  const act = {
    ArrowDown: () => {
      if (!menu.open) menu.open = true; // and takes the focus
      else (items[at + 1] ?? items[0])?.focus();
    },
    ArrowUp: () => menu.open && (items[at - 1] ?? items.at(-1))?.focus(),
    Home: () => !isText && menu.open && items[0]?.focus(),
    End: () => !isText && menu.open && items.at(-1)?.focus(),
  }[event.key];
  if (!act || (isText && /Home|End/.test(event.key))) return;
  event.preventDefault();
  act();
});
