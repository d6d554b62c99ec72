// A page that lost its connection asks for it every second (start.js), and is itself again as soon as the hub is there: with the circuit it had, or loaded anew at the same view.
// Everything that a page shows is in its address or the database, and what was typed is kept by drafts.js.
const root = document.documentElement;
const bar = document.getElementById('components-reconnect-modal');
const words = bar.querySelector('[data-words]');
const askEvery = 1000;
const scrolled = 'scrolled';
let since;
let leaving = false;
let asking = false;

const say = (text) => { words.textContent = text; };

const loadAnew = () => {
  leaving = true;
  sessionStorage.setItem(scrolled, JSON.stringify({ at: location.href, y: scrollY }));
  location.reload();
};

/** For the button, where somebody does not want to wait for the next second. */
const askNow = async () => {
  if (asking) return;
  asking = true;
  try {
    // False: the hub answers but has forgotten this page.
    if (!await Blazor.reconnect()) loadAnew();
  } catch {
    say('The hub does not answer. Is it still running? This page comes back by itself.');
  } finally {
    asking = false;
  }
};

bar.addEventListener('components-reconnect-state-changed', (event) => {
  const state = event.detail.state;
  if (state === 'show') {
    since = Date.now();
    root.toggleAttribute('data-offline', true);
    say('The connection to the hub is lost. Connecting again… What you type is kept.');
  } else if (state === 'retrying' && Date.now() - since > 5 * askEvery) {
    say('The hub does not answer. Is it still running? This page comes back by itself, and what you type is kept.');
  } else if (state === 'hide') {
    root.toggleAttribute('data-offline', false);
  } else if (state === 'failed' || state === 'rejected') {
    loadAnew();
  }
});

// Nobody is asked whether to leave a page that only comes back.
addEventListener('beforeunload', (event) => { if (leaving) event.stopImmediatePropagation(); }, true);
bar.querySelector('button').addEventListener('click', askNow);

/** To where the page was, once it is as long as it was then. */
const scrollBack = () => {
  const before = JSON.parse(sessionStorage.getItem(scrolled) ?? 'null');
  sessionStorage.removeItem(scrolled);
  if (before?.at !== location.href || before.y === 0) return;
  const grown = new ResizeObserver(() => {
    if (root.scrollHeight < before.y + innerHeight) return;
    grown.disconnect();
    scrollTo(0, before.y);
  });
  grown.observe(document.body);
  setTimeout(() => grown.disconnect(), 10 * askEvery);
};

scrollBack();
