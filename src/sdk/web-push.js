// Cresset's web push for pages: subscribes the browser and registers the subscription at the server. No dependencies.
// Documentation: docs/web-push.md.
(() => {
  /**
   * @typedef {object} Options
   * @property {string} url Base URL of Cresset, such as https://push.example.com.
   * @property {string} appId Id of the app (platform web) in the workspace file.
   * @property {string} [identity] Made by your back end: names the browser's owner and proves it.
   * @property {string} [externalId] Names the browser's owner without proof; refused unless the app trusts it.
   * @property {string} [serviceWorker] Path of the service worker on your site. Default: /cresset-sw.js.
   * @property {string} [scope] Scope of the service worker. Default: its folder.
   */

  const store = 'cresset-web-push';
  const storedSubscription = '/__cresset/subscription';

  function isSupported() {
    return 'serviceWorker' in navigator && 'PushManager' in globalThis && 'Notification' in globalThis;
  }

  /**
   * Asks for permission if the user has not decided yet (so call it from a click), subscribes and registers the subscription.
   * Call it on every visit of a subscribed user: it renews what has changed.
   * Rejects with an Error whose `code` is `unsupported`, `denied` or the status of the server's answer.
   * @param {Options} options
   */
  async function subscribe(options) {
    if (!isSupported()) throw problem('unsupported', 'this browser has no web push');
    if ((await Notification.requestPermission()) !== 'granted')
      throw problem('denied', 'notifications are not allowed');
    const registration = await registerWorker(options);
    const subscription = await subscribeBrowser(registration, await fetchKey(options));
    const previous = await recall();
    await call(options, '/sdk/web-push/subscriptions', {
      app_id: options.appId,
      subscription,
      ...(previous && JSON.stringify(previous) !== JSON.stringify(subscription) && { previous }),
      ...(options.identity !== undefined && { identity: options.identity }),
      ...(options.externalId !== undefined && { external_id: options.externalId }),
    });
    await remember(subscription);
    return subscription;
  }

  /**
   * Ends the subscription in the browser and at the server. Call it when the user signs out.
   * @param {Options} options
   * @returns {Promise<boolean>} Whether there was one.
   */
  async function unsubscribe(options) {
    const registration = await navigator.serviceWorker.getRegistration(options.scope ?? workerPath(options));
    const subscription = await registration?.pushManager.getSubscription();
    const known = subscription?.toJSON() ?? (await recall());
    await subscription?.unsubscribe();
    if (!known) return false;
    await call(options, '/sdk/web-push/subscriptions/remove', { app_id: options.appId, subscription: known });
    await remember(null);
    return true;
  }

  /** @param {Options} options */
  function workerPath(options) {
    return options.serviceWorker ?? '/cresset-sw.js';
  }

  /** @param {Options} options */
  async function registerWorker(options) {
    const script = new URL(workerPath(options), location.href);
    // The worker renews a subscription while no page is open, so it must know the server and the app.
    script.searchParams.set('cresset_url', baseOf(options));
    script.searchParams.set('cresset_app', options.appId);
    const registration = await navigator.serviceWorker.register(script, options.scope ? { scope: options.scope } : {});
    await new Promise((resolve) => {
      const worker = registration.active ?? registration.waiting ?? registration.installing;
      if (!worker || worker.state === 'activated') resolve(undefined);
      else worker.addEventListener('statechange', () => worker.state === 'activated' && resolve(undefined));
    });
    return registration;
  }

  /**
   * @param {ServiceWorkerRegistration} registration
   * @param {Uint8Array<ArrayBuffer>} key
   */
  async function subscribeBrowser(registration, key) {
    const current = await registration.pushManager.getSubscription();
    // A subscription that was made with another key never works with ours.
    if (current && !isSameKey(current.options.applicationServerKey, key)) await current.unsubscribe();
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    return subscription.toJSON();
  }

  /**
   * @param {ArrayBuffer | null} used
   * @param {Uint8Array} key
   */
  function isSameKey(used, key) {
    const bytes = new Uint8Array(used ?? new ArrayBuffer(0));
    return bytes.length === key.length && bytes.every((byte, index) => byte === key[index]);
  }

  /** @param {Options} options */
  async function fetchKey(options) {
    const { vapid_public_key } = await call(
      options,
      `/sdk/web-push/config?app_id=${encodeURIComponent(options.appId)}`,
    );
    const text = atob(vapid_public_key.replace(/-/g, '+').replace(/_/g, '/'));
    return Uint8Array.from(text, (character) => character.charCodeAt(0));
  }

  /**
   * @param {Options} options
   * @param {string} path
   * @param {object} [body]
   */
  async function call(options, path, body) {
    // text/plain needs no preflight, and the server ignores the type.
    const response = await fetch(baseOf(options) + path, body ? { method: 'POST', body: JSON.stringify(body) } : {});
    const answer = await response.json();
    if (response.ok) return answer;
    throw problem(String(response.status), [answer.message, ...(answer.errors ?? [])].join(': '));
  }

  /** @param {Options} options */
  function baseOf(options) {
    return new URL(options.url, location.href).href.replace(/\/+$/, '');
  }

  /** The subscription last registered at the server. The service worker reads it, too. */
  async function recall() {
    const response = await (await caches.open(store)).match(storedSubscription);
    return response?.json();
  }

  /** @param {PushSubscriptionJSON | null} subscription */
  async function remember(subscription) {
    const cache = await caches.open(store);
    if (subscription) await cache.put(storedSubscription, new Response(JSON.stringify(subscription)));
    else await cache.delete(storedSubscription);
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  function problem(code, message) {
    return Object.assign(new Error(message), { code });
  }

  Object.assign(globalThis, { CressetWebPush: { isSupported, subscribe, unsubscribe } });
})();
