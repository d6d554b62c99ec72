// <hub-log>: a scrolling region that stays at its end while lines come in, unless the reader has scrolled up.
class HubLog extends HTMLElement {
  connectedCallback() {
    this.following = true;
    this.addEventListener('scroll', this.onScroll);
    this.observer = new MutationObserver(() => this.follow());
    this.observer.observe(this, { childList: true, subtree: true });
    this.follow();
  }

  disconnectedCallback() {
    this.removeEventListener('scroll', this.onScroll);
    this.observer.disconnect();
  }

  onScroll = () => {
    this.following = this.scrollHeight - this.scrollTop - this.clientHeight < 24;
  };

  follow() {
    if (this.following) this.scrollTop = this.scrollHeight;
  }
}

customElements.define('hub-log', HubLog);
