// The words of the bar that tells about a lost connection. Everything a page shows is in its address or the database, so a reload loses nothing.
const bar = document.getElementById('components-reconnect-modal');
const words = bar.querySelector('[data-words]');
const retryEvery = 5000;
let timer;

const say = (text) => { words.textContent = text; };

const retry = async () => {
  clearTimeout(timer);
  say('Connecting to the hub again…');
  try {
    // False: the hub answers but has forgotten this page.
    if (!await Blazor.reconnect()) location.reload();
  } catch {
    say('The hub does not answer. Is it still running?');
    timer = setTimeout(retry, retryEvery);
  }
};

bar.addEventListener('components-reconnect-state-changed', (event) => {
  const state = event.detail.state;
  if (state === 'show') say('The connection to the hub is lost. Connecting again…');
  else if (state === 'failed') retry();
  else if (state === 'rejected') location.reload();
  else if (state === 'hide') clearTimeout(timer);
});

bar.querySelector('button').addEventListener('click', retry);
