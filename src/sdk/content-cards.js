// Cresset's content cards for pages: fetches a user's cards, shows them, and reports what is done with them. No dependencies.
// Documentation: docs/content-cards.md.
(() => {
  /**
   * @typedef {object} Card
   * @property {string} id
   * @property {'CLASSIC' | 'CAPTIONED_IMAGE' | 'BANNER'} type
   * @property {string | null} title
   * @property {string | null} description
   * @property {string | null} image_url
   * @property {string | null} url
   * @property {string | null} uri_text
   * @property {boolean} pinned
   * @property {boolean} viewed
   * @property {Record<string, unknown>} extra
   * @property {string} created_at
   * @property {string} expires_at
   */

  /**
   * @typedef {object} Options
   * @property {string} url Base URL of Cresset, such as https://push.example.com.
   * @property {string} appId Id of the app (platform web) in the workspace file.
   * @property {string | (() => string | Promise<string>)} token Made by your back end: names the user and proves it. A function is asked again when the server refuses the token.
   * @property {string | Element} [into] The element, or its selector, that shows the cards. Without it the page shows them itself, in `onCards`.
   * @property {(cards: readonly Card[]) => void} [onCards] Called with the cards whenever they have changed.
   * @property {(error: Error) => void} [onError] Called when a poll or a report fails. The next one tries again. Default: console.warn.
   * @property {number} [pollSeconds] Time between two polls while the page is visible; 10 or more. 0: only `refresh` asks. Default: 60.
   * @property {string} [dismissLabel] What the button to dismiss a card is called. Default: Dismiss.
   */

  /**
   * @typedef {object} CardEvent
   * @property {string} id
   * @property {string} card_id
   * @property {'impression' | 'click' | 'dismiss'} type
   * @property {string} time
   */

  const path = '/feed/v1/content_cards';
  /** Wait before impressions are reported, so that they go together, in milliseconds. */
  const gatherMs = 1_000;
  /** Most events of one report, and most that wait while the server cannot be reached. */
  const mostEvents = 50;
  const mostWaiting = 500;
  /** The part of a card that must be visible to count as an impression. */
  const visiblePart = 0.5;

  class Feed {
    /** @type {Options} */ #options;
    /** @type {string} */ #token = '';
    /** @type {string | null} */ #tag = null;
    /** @type {readonly Card[]} */ #cards = [];
    /** @type {Map<string, HTMLElement>} */ #elements = new Map();
    /** @type {Set<string>} */ #seen = new Set();
    /** @type {CardEvent[]} */ #waiting = [];
    /** @type {Promise<void> | null} */ #reporting = null;
    /** @type {number | undefined} */ #reportTimer;
    /** @type {number | undefined} */ #pollTimer;
    /** @type {IntersectionObserver | null} */ #observer = null;
    #closing = new AbortController();

    /** @param {Options} options */
    constructor(options) {
      this.#options = options;
      if (this.#container)
        this.#observer = new IntersectionObserver((seen) => this.#onSeen(seen), { threshold: visiblePart });
      const { signal } = this.#closing;
      addEventListener('pagehide', () => this.#leave(), { signal });
      document.addEventListener('visibilitychange', () => document.hidden && this.#leave(), { signal });
    }

    /** The cards as the server last said. */
    get cards() {
      return this.#cards;
    }

    /**
     * Asks the server for the cards, and shows them if they have changed. Rejects with an Error whose `code` is the status of
     * the answer, or `network`.
     * @returns {Promise<readonly Card[]>}
     */
    async refresh() {
      const response = await this.#fetchCards(false);
      if (response.status !== 304) {
        const { cards } = await response.json();
        this.#tag = response.headers.get('etag');
        this.#cards = cards;
        this.#show();
        this.#options.onCards?.(this.#cards);
      }
      return this.#cards;
    }

    /**
     * Reports that a card was seen, for pages that show the cards themselves. Only the first time counts.
     * @param {string} cardId
     */
    logImpression(cardId) {
      if (this.#seen.has(cardId)) return;
      this.#seen.add(cardId);
      this.#log('impression', cardId);
    }

    /**
     * Reports that a card was clicked.
     * @param {string} cardId
     */
    logClick(cardId) {
      this.#log('click', cardId);
      this.#report();
    }

    /**
     * Takes a card away for good. A pinned card stays.
     * @param {string} cardId
     */
    dismiss(cardId) {
      const card = this.#cards.find(({ id }) => id === cardId);
      if (card === undefined || card.pinned) return;
      this.#cards = this.#cards.filter(({ id }) => id !== cardId);
      this.#show();
      this.#options.onCards?.(this.#cards);
      this.#log('dismiss', cardId);
      this.#report();
    }

    /** Stops asking, takes the cards from the page, and reports what is left. Call it when the user signs out. */
    close() {
      this.#leave();
      this.#closing.abort();
      clearTimeout(this.#pollTimer);
      this.#observer?.disconnect();
      for (const element of this.#elements.values()) element.remove();
      this.#elements.clear();
      this.#cards = [];
    }

    /** Asks now, and then again and again. */
    async poll() {
      const { pollSeconds = 60 } = this.#options;
      if (!document.hidden) await this.refresh().catch((error) => this.#fail(error));
      if (pollSeconds > 0 && !this.#closing.signal.aborted)
        this.#pollTimer = setTimeout(() => this.poll(), Math.max(pollSeconds, 10) * 1_000);
    }

    get #container() {
      const { into } = this.#options;
      return typeof into === 'string' ? document.querySelector(into) : (into ?? null);
    }

    /** @param {string} of */
    #urlOf(of) {
      const base = new URL(this.#options.url, location.href).href.replace(/\/+$/, '');
      return `${base}${of}?app_id=${encodeURIComponent(this.#options.appId)}`;
    }

    /** @param {boolean} isAgain */
    async #renewToken(isAgain) {
      const { token } = this.#options;
      if (typeof token === 'string') this.#token = token;
      else if (isAgain || this.#token === '') this.#token = await token();
    }

    /**
     * @param {boolean} isAgain
     * @returns {Promise<Response>}
     */
    async #fetchCards(isAgain) {
      await this.#renewToken(isAgain);
      const headers = { authorization: `Bearer ${this.#token}`, ...(this.#tag && { 'if-none-match': this.#tag }) };
      // Without the browser's cache, which would hide that nothing has changed.
      const asked = fetch(this.#urlOf(path), { headers, cache: 'no-store', signal: this.#closing.signal });
      const response = await asked.catch((cause) =>
        Promise.reject(problem('network', 'the server cannot be reached', cause)),
      );
      if (response.status === 401 && !isAgain && typeof this.#options.token === 'function')
        return this.#fetchCards(true);
      if (response.ok || response.status === 304) return response;
      throw await refusal(response);
    }

    /** Shows the cards in their order. The element of a card that is still there stays. */
    #show() {
      const container = this.#container;
      if (container === null) return;
      const ids = new Set(this.#cards.map(({ id }) => id));
      for (const [id, element] of this.#elements) {
        if (ids.has(id)) continue;
        this.#observer?.unobserve(element);
        element.remove();
        this.#elements.delete(id);
      }
      const elements = this.#cards.map((card) => this.#elements.get(card.id) ?? this.#add(card));
      for (const [index, element] of elements.entries())
        if (container.children[index] !== element) container.insertBefore(element, container.children[index] ?? null);
    }

    /** @param {Card} card */
    #add(card) {
      const { dismissLabel = 'Dismiss' } = this.#options;
      const element = cardElement(card);
      element.addEventListener('click', () => this.logClick(card.id));
      if (!card.pinned) {
        const button = textElement('button', 'cresset-card-dismiss', dismissLabel);
        button.setAttribute('type', 'button');
        button.addEventListener('click', (event) => {
          event.stopPropagation();
          this.dismiss(card.id);
        });
        element.append(button);
      }
      this.#elements.set(card.id, element);
      this.#observer?.observe(element);
      return element;
    }

    /** @param {readonly IntersectionObserverEntry[]} entries */
    #onSeen(entries) {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting || !(target instanceof HTMLElement)) continue;
        this.#observer?.unobserve(target);
        this.logImpression(target.dataset.cardId ?? '');
      }
    }

    /**
     * @param {CardEvent['type']} type
     * @param {string} cardId
     */
    #log(type, cardId) {
      this.#waiting.push({ id: newId(), card_id: cardId, type, time: new Date().toISOString() });
      this.#waiting.splice(0, this.#waiting.length - mostWaiting);
      this.#reportTimer ??= setTimeout(() => this.#report(), gatherMs);
    }

    #report() {
      clearTimeout(this.#reportTimer);
      this.#reportTimer = undefined;
      this.#reporting ??= this.#send().finally(() => {
        this.#reporting = null;
      });
    }

    /** Sends what waits. What the server did not take goes with the next report, under the same ids. */
    async #send() {
      let isAgain = false;
      while (this.#waiting.length > 0) {
        const events = this.#waiting.splice(0, mostEvents);
        try {
          await this.#renewToken(isAgain);
          // text/plain needs no preflight, and the server ignores the type. It outlives the page.
          const response = await fetch(this.#urlOf(`${path}/events`), {
            method: 'POST',
            body: this.#bodyOf(events),
            keepalive: true,
          });
          if (response.ok) continue;
          const isOver = response.status === 401 && !isAgain && typeof this.#options.token === 'function';
          if (isOver || response.status === 429 || response.status >= 500) this.#waiting.unshift(...events);
          if (!isOver) throw await refusal(response);
          isAgain = true;
        } catch (error) {
          if (error instanceof TypeError) this.#waiting.unshift(...events); // the network
          return this.#fail(error);
        }
      }
    }

    /** Sends what waits while the page goes away, when nobody waits for an answer. */
    #leave() {
      clearTimeout(this.#reportTimer);
      this.#reportTimer = undefined;
      while (this.#waiting.length > 0 && this.#token !== '') {
        const events = this.#waiting.slice(0, mostEvents);
        const body = new Blob([this.#bodyOf(events)], { type: 'text/plain;charset=UTF-8' });
        if (!navigator.sendBeacon(this.#urlOf(`${path}/events`), body)) return;
        this.#waiting.splice(0, events.length);
      }
    }

    /** @param {readonly CardEvent[]} events */
    #bodyOf(events) {
      return JSON.stringify({ token: this.#token, events });
    }

    /** @param {unknown} error */
    #fail(error) {
      if (this.#closing.signal.aborted) return;
      const { onError = (one) => console.warn(one) } = this.#options;
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /**
   * The element of a card. Its texts become text, never HTML, and its addresses are http or https.
   * @param {Card} card
   */
  function cardElement(card) {
    const element = document.createElement('article');
    element.className = 'cresset-card';
    element.dataset.cardId = card.id;
    element.dataset.type = card.type;
    element.dataset.pinned = String(card.pinned);
    const content = document.createElement(webUrl(card.url) === null ? 'div' : 'a');
    content.className = 'cresset-card-content';
    if (content instanceof HTMLAnchorElement) content.href = webUrl(card.url) ?? '';
    const image = webUrl(card.image_url);
    if (image !== null) {
      const picture = document.createElement('img');
      picture.className = 'cresset-card-image';
      picture.src = image;
      picture.alt = card.type === 'BANNER' ? (card.uri_text ?? '') : '';
      content.append(picture);
    }
    if (card.type !== 'BANNER') {
      if (card.title) content.append(textElement('h3', 'cresset-card-title', card.title));
      if (card.description) content.append(textElement('p', 'cresset-card-description', card.description));
      if (card.uri_text) content.append(textElement('span', 'cresset-card-action', card.uri_text));
    }
    element.append(content);
    return element;
  }

  /**
   * @param {string} name
   * @param {string} className
   * @param {string} text
   */
  function textElement(name, className, text) {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    return element;
  }

  /**
   * The address, if it is one of the web. null: it is not, as with `javascript:`.
   * @param {string | null} text
   */
  function webUrl(text) {
    if (text === null || !URL.canParse(text)) return null;
    const { protocol, href } = new URL(text);
    return protocol === 'https:' || protocol === 'http:' ? href : null;
  }

  /** An id that nobody else makes. `randomUUID` is missing from pages without https. */
  function newId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(
      '',
    );
  }

  /** @param {Response} response */
  async function refusal(response) {
    const answer = await response.json().catch(() => ({}));
    return problem(String(response.status), [answer.message, ...(answer.errors ?? [])].join(': '));
  }

  /**
   * @param {string} code
   * @param {string} message
   * @param {unknown} [cause]
   */
  function problem(code, message, cause) {
    return Object.assign(new Error(message, { cause }), { code });
  }

  /**
   * Shows the cards of a user, and keeps them up to date.
   * @param {Options} options
   */
  function open(options) {
    const feed = new Feed(options);
    void feed.poll();
    return feed;
  }

  Object.assign(globalThis, { CressetContentCards: { open } });
})();
