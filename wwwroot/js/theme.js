// Loaded in the head before anything is painted: the theme and the width of the navigation are known before the first pixel.
(() => {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* A private window may refuse; the choice then lasts as long as the page. */ } };

  let choice = remembered('hub-theme') ?? 'system';

  const apply = () => {
    const theme = choice === 'system' ? (system.matches ? 'dark' : 'light') : choice;
    root.dataset.themeChoice = choice;
    if (root.dataset.theme === theme) return;
    root.dataset.theme = theme;
    document.dispatchEvent(new CustomEvent('hub-theme', { detail: theme }));
  };

  apply();
  system.addEventListener('change', apply);
  if (remembered('hub-nav') === 'narrow') root.dataset.nav = 'narrow';

  addEventListener('storage', (event) => {
    if (event.key !== 'hub-theme') return;
    choice = event.newValue ?? 'system';
    apply();
  });

  document.addEventListener('click', (event) => {
    const themeButton = event.target.closest('[data-set-theme]');
    if (themeButton) {
      choice = themeButton.dataset.setTheme;
      remember('hub-theme', choice);
      apply();
      return;
    }

    if (event.target.closest('[data-toggle-nav]')) {
      root.dataset.nav = root.dataset.nav === 'narrow' ? 'wide' : 'narrow';
      remember('hub-nav', root.dataset.nav);
    }
  });
})();
