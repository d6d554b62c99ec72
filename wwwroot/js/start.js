// In the head, before the styles, for which a script would wait: the hub is called as soon as the page's own words are read, and what else the page needs comes while the hub answers.
Blazor.start({
  circuit: {
    // What packages want to run before the start. None brings anything; given here, nobody has to ask the hub.
    initializers: { beforeStart: [], afterStarted: [] },
    reconnectionOptions: { maxRetries: Number.MAX_SAFE_INTEGER, retryIntervalMilliseconds: 1000 },
  },
});
document.addEventListener('DOMContentLoaded', () => ['reconnect', 'hub-time', 'frame', 'elements', 'drafts'].forEach((name) => import(`./${name}.js`)));
