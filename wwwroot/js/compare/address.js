// What a hand chooses in a chart goes into the page's address when the hand rests, and from there comes back to the page like every other choice.
const rest = 250; // milliseconds

export class Told {
  constructor() { this.sent = []; }

  /** Something was chosen that the address does not say yet. */
  get isWaiting() { return this.timer !== undefined || this.sent.length > 0; }

  /** @param values of the address's parameter, none where it goes; @param word what the page will say when it has understood. */
  tell(parameter, values, word) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const address = new URL(location.href);
      const before = address.searchParams.toString();
      address.searchParams.delete(parameter);
      values.forEach((value) => address.searchParams.append(parameter, value));
      if (address.searchParams.toString() === before) return;
      this.sent.push(word);
      // Commas and colons need no escape, and with two hundred runs the address is long enough.
      Blazor.navigateTo(address.href.replaceAll('%2C', ',').replaceAll('%3A', ':'), { replaceHistoryEntry: true });
    }, rest);
  }

  /** Whether what the page says came from elsewhere: not from here, and not while something newer is on its way. */
  isNews(word) {
    if (word === this.last) return false;
    this.last = word;
    const at = this.sent.indexOf(word);
    if (at >= 0) {
      this.sent.splice(0, at + 1);
      return false;
    }
    if (this.timer !== undefined) return false;
    this.sent = [];
    return true;
  }

  stop() { clearTimeout(this.timer); }
}
