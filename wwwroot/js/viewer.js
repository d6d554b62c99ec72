/** The viewer's time zone by its IANA name, such as Europe/Berlin; empty where the browser does not tell. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';
