// Elements of single pages: their scripts are loaded when the first one of a kind appears, so that no page waits for what another one draws.
const scripts = { 'run-charts': './run-charts.js', 'compare-curves': './compare-curves.js', 'compare-relations': './compare-relations.js', 'hub-log': './hub-log.js' };

const look = () => {
  for (const [element, script] of Object.entries(scripts)) {
    if (!document.querySelector(element)) continue;
    delete scripts[element];
    // A hub that is just being restarted: the next look tries again.
    import(script).catch(() => { scripts[element] = script; });
  }
};

new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
look();
