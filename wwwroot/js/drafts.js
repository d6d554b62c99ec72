// What was typed and not saved yet lies in the browser: a form keeps its state here with each change, and what is typed while the hub does not hear it is kept as typed.
const place = (key) => `draft:${key}`;
const offline = () => document.documentElement.hasAttribute('data-offline');

const load = (key) => {
  try {
    return JSON.parse(localStorage.getItem(place(key)));
  } catch {
    return null;
  }
};

const store = (key, draft) => {
  try {
    localStorage.setItem(place(key), JSON.stringify(draft));
  } catch {
    // The browser gives no room. The form works as before, and only a lost connection would lose it.
  }
};

const labelOf = (field) => field.getAttribute('aria-label') ?? field.labels?.[0]?.textContent?.trim() ?? field.name;
const fieldsOf = (form) => [...form.querySelectorAll('input:not([type=checkbox], [type=file]), textarea')];
const find = (form, label) => fieldsOf(form).find((field) => labelOf(field) === label);
// A form whose state stands in the address has no key of its own.
const keyOf = (form) => form.dataset.draft || `page/${location.pathname}${location.search}`;
const formOf = (key) => [...document.querySelectorAll('[data-draft]')].find((form) => keyOf(form) === key);

/** Keeps the state of a form. What was typed beside it stays only where the form still shows it. */
export const keep = (key, state) => {
  const form = formOf(key);
  const typed = Object.fromEntries(Object.entries(load(key)?.typed ?? {}).filter(([label, text]) => form && find(form, label)?.value === text));
  store(key, { state, typed, at: Date.now() });
};

/** The state that was kept, with the time of the last change in milliseconds; null where there is none. */
export const read = (key) => {
  const draft = load(key);
  return draft?.state ? { state: draft.state, at: draft.at } : null;
};

/** Lays what the hub never heard over a form that shows its state again. */
export const lay = (key) => {
  const form = formOf(key);
  const draft = load(key);
  if (!form || !draft) return;
  for (const [label, text] of Object.entries(draft.typed ?? {})) {
    const field = find(form, label);
    if (!field || field.value === text) continue;
    field.value = text;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  }
  // A form whose state stands in the address needs this once.
  if (!draft.state) forget(key);
};

export const forget = (key) => localStorage.removeItem(place(key));

document.addEventListener('input', (event) => {
  const form = event.target.closest?.('[data-draft]');
  if (!form || !event.isTrusted || !fieldsOf(form).includes(event.target)) return;
  const key = keyOf(form);
  const draft = load(key);
  // What the hub hears, it keeps by itself.
  if (!draft && !offline()) return;
  store(key, { ...draft, typed: { ...draft?.typed, [labelOf(event.target)]: event.target.value }, at: Date.now() });
}, true);

/** What was typed without the hub into a form whose state stands in the address: laid over it as soon as it is there again. */
const layOverAddress = () => {
  const key = keyOf(document.createElement('form'));
  if (!load(key)) return;
  const appeared = new MutationObserver(() => {
    if (!formOf(key) || fieldsOf(formOf(key)).length === 0) return;
    appeared.disconnect();
    lay(key);
  });
  appeared.observe(document.body, { childList: true, subtree: true });
};

layOverAddress();
