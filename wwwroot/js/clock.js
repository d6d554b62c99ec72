// Times as every page writes them: dates in the viewer's language and zone, and everywhere the clock of 24 hours that the hub's own words have too.
const hourCycle = 'h23';

/** Making a format takes as long as a thousand times written with it, so each is made for its first. */
const formatOf = (parts) => {
  let made;
  return { format: (time) => (made ??= new Intl.DateTimeFormat(undefined, parts)).format(time) };
};

export const clock = formatOf({ hour: '2-digit', minute: '2-digit', hourCycle });
export const withSeconds = formatOf({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle });
export const exact = formatOf({ dateStyle: 'medium', timeStyle: 'medium', hourCycle });
export const exactToMinutes = formatOf({ dateStyle: 'medium', timeStyle: 'short', hourCycle });
export const day = formatOf({ dateStyle: 'medium' });

export const dayLength = 86_400_000;
/** What took less together is told apart by seconds. */
const shortLength = 300_000;

/** How the marks of an axis from one time to another are written, and how close they may be. @param timeZone the viewer's where undefined. */
export const marksBetween = (first, last, timeZone) => {
  const long = first === last || last - first > dayLength;
  const short = !long && last - first < shortLength;
  const parts = long ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit', hourCycle, ...(short && { second: '2-digit' }) };
  const format = new Intl.DateTimeFormat(undefined, { timeZone, ...parts });
  return { minInterval: long ? dayLength : short ? 1_000 : 60_000, formatter: (time) => format.format(time) };
};
