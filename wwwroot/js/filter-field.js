import { enterRows } from './table-rows.js';

// Completion of the filter: the hub says what may stand at the caret (/api/v1/runs/complete), the keyboard or the mouse takes it.
const wait = 120;

const option = (item, index) => {
  const entry = document.createElement('li');
  entry.id = `run-filter-option-${index}`;
  entry.setAttribute('role', 'option');
  entry.setAttribute('aria-selected', 'false');
  const text = document.createElement('code');
  text.textContent = item.text;
  entry.append(text);
  if (item.detail) {
    const detail = document.createElement('span');
    detail.textContent = item.detail;
    entry.append(detail);
  }
  return entry;
};

export const attach = (root) => {
  const input = root.querySelector('input');
  const list = root.querySelector('[role="listbox"]');
  let [completion, active, timer, asked] = [null, -1, 0, 0];

  const close = () => {
    clearTimeout(timer);
    asked++;
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
    [completion, active] = [null, -1];
  };

  const choose = (index) => {
    active = index;
    [...list.children].forEach((entry, i) => entry.setAttribute('aria-selected', String(i === index)));
    const entry = list.children[index];
    if (!entry) {
      input.removeAttribute('aria-activedescendant');
      return;
    }
    input.setAttribute('aria-activedescendant', entry.id);
    entry.scrollIntoView({ block: 'nearest' });
  };

  const show = (answer) => {
    completion = answer;
    list.replaceChildren(...answer.items.map(option));
    list.hidden = answer.items.length === 0;
    input.setAttribute('aria-expanded', String(answer.items.length > 0));
    choose(-1);
  };

  const ask = async () => {
    const mine = ++asked;
    const [text, caret] = [input.value, input.selectionStart ?? input.value.length];
    const response = await fetch(`/api/v1/runs/complete?text=${encodeURIComponent(text)}&caret=${caret}`).catch(() => null);
    const answer = response?.ok ? await response.json() : null;
    // A slower answer to an older text must not replace the newer one.
    if (mine === asked && document.activeElement === input) {
      if (answer) show(answer);
      else close();
    }
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  };

  const take = (index) => {
    const { from, length, items } = completion;
    const word = `${items[index].text} `;
    input.setRangeText(word, from, from + length, 'end');
    close();
    soon();
  };

  const commit = () => {
    close();
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };

  const keys = {
    ArrowDown: () => (list.hidden ? ask() : choose((active + 1) % list.children.length)),
    ArrowUp: () => !list.hidden && choose((active <= 0 ? list.children.length : active) - 1),
    Enter: () => (active >= 0 ? take(active) : commit()),
    Tab: () => active >= 0 && take(active),
    // The first one closes the list, the next goes on to what was found.
    Escape: () => (list.hidden ? enterRows() : close()),
  };

  input.addEventListener('input', soon);
  input.addEventListener('focus', () => input.value && soon());
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.isComposing || (event.key === 'Tab' && active < 0)) return;
    event.preventDefault();
    act();
  });
  // Somebody may have been quicker than this module.
  if (document.activeElement === input && input.value) soon();
  // Before the field loses the focus to the list.
  list.addEventListener('mousedown', (event) => {
    event.preventDefault();
    const index = [...list.children].indexOf(event.target.closest('li'));
    if (index >= 0) take(index);
  });
};
