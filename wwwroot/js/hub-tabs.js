// <hub-tabs>: a row of tabs that may be wider than the screen. The one that is open is in sight.
class HubTabs extends HTMLElement {
  connectedCallback() {
    this.observer = new MutationObserver(() => this.show());
    this.observer.observe(this, { subtree: true, childList: true, attributeFilter: ['aria-current'] });
    this.sizes = new ResizeObserver(() => this.show());
    this.sizes.observe(this);
  }

  disconnectedCallback() {
    this.observer.disconnect();
    this.sizes.disconnect();
  }

  /** Only sideways: the page stays where it is. */
  show() {
    const open = this.querySelector('[aria-current]');
    if (!open) return;
    const [row, tab] = [this.getBoundingClientRect(), open.getBoundingClientRect()];
    if (tab.left < row.left || tab.right > row.right) this.scrollLeft += tab.left - row.left - (row.width - tab.width) / 2;
  }
}

customElements.define('hub-tabs', HubTabs);
