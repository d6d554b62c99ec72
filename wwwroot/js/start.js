// In the head, before the styles, for which a script would wait: the hub is called as soon as the page's own words are read, and what the page needs beside it comes while the hub answers.
// No package brings scripts that want to run before the start: an empty list saves the question for them.
Blazor.start({
  circuit: { initializers: { beforeStart: [], afterStarted: [] }, reconnectionOptions: { maxRetries: Number.MAX_SAFE_INTEGER, retryIntervalMilliseconds: 1000 } },
});
document.addEventListener('DOMContentLoaded', () => ['reconnect', 'hub-time', 'frame', 'elements', 'drafts'].forEach((name) => import(`./${name}.js`)));
