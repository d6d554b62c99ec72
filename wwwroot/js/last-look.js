// Since when somebody has not looked at this page. While it is watched the time is written down; a gap of half an hour makes a new look, so that a reload does not take the news away.
const GAP = 30 * 60 * 1000;
const FIRST = 24 * 60 * 60 * 1000;

const read = (key) => {
  try {
    return Number(localStorage.getItem(key)) || 0;
  } catch {
    return 0;
  }
};

const write = (key, value) => {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    // Without a memory each look is the first one.
  }
};

/** The end of the look before this one, in milliseconds; a day ago where there was none. */
const look = () => {
  const now = Date.now();
  const seen = read('look:seen');
  const gap = !seen || now - seen > GAP;
  const since = gap ? seen || now - FIRST : read('look:since') || now - FIRST;
  write('look:since', since);
  write('look:seen', now);
  return since;
};

/** Tells the page since when, now and when somebody comes back to it after a while. */
export const watch = (page) => {
  let told = 0;
  const note = () => {
    if (document.visibilityState !== 'visible')
      return;
    const since = look();
    if (since !== told)
      page.invokeMethodAsync('LookedSince', since).catch(() => {});
    told = since;
  };
  const timer = setInterval(note, 60_000);
  document.addEventListener('visibilitychange', note);
  note();
  return {
    dispose: () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', note);
    },
  };
};
