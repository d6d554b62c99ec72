// Which runs were compared in this browser, the newest first, so that a person finds them again.
const place = 'comparisons';
const most = 5;

/** { runs, at }: ids with commas between them, and milliseconds. */
export const read = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(place));
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.runs === 'string' && typeof one.at === 'number').slice(0, most) : [];
  } catch {
    return [];
  }
};

/** The same runs in another order are the same comparison. */
const same = (a, b) => a.split(',').sort().join() === b.split(',').sort().join();

export const keep = (runs) => {
  try {
    localStorage.setItem(place, JSON.stringify([{ runs, at: Date.now() }, ...read().filter((one) => !same(one.runs, runs))].slice(0, most)));
  } catch {
    // The browser gives no room, and remembers nothing.
  }
};
