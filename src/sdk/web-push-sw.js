// Cresset's web push for service workers: shows notifications and follows clicks. No dependencies.
// On your site: importScripts('https://<Cresset>/sdk/web-push-sw.js'). Documentation: docs/web-push.md.
(() => {
  /**
   * @typedef {object} Payload Made by `src/channels/web-push/render.ts`.
   * @property {string} id
   * @property {string} title
   * @property {string} body
   * @property {string} [url]
   * @property {string} [icon]
   * @property {string} [image]
   * @property {boolean} [require_interaction]
   * @property {Record<string, unknown>} [extra]
   * @property {{ text: string, action: string, uri?: string }[]} [buttons]
   */

  /** @type {ServiceWorkerGlobalScope} */
  const worker = /** @type {any} */ (self);
  const store = 'cresset-web-push';
  const storedSubscription = '/__cresset/subscription';

  worker.addEventListener('push', (event) => {
    const payload = read(event.data);
    if (payload) event.waitUntil(worker.registration.showNotification(payload.title, notificationOf(payload)));
  });

  worker.addEventListener('notificationclick', (event) => {
    const { cresset } = event.notification.data ?? {};
    if (!cresset) return;
    event.notification.close();
    const button = event.action === '' ? { action: 'URI', uri: cresset.url } : cresset.buttons?.[Number(event.action)];
    if (button?.action !== 'CLOSE') event.waitUntil(open(button?.action === 'URI' ? button.uri : undefined));
  });

  worker.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(/** @type {any} */ (event))));

  /**
   * null: the message is not Cresset's, because the site may have other senders.
   * @param {PushMessageData | null} data
   * @returns {Payload | null}
   */
  function read(data) {
    try {
      const payload = data?.json();
      return typeof payload?.title === 'string' && typeof payload.body === 'string' ? payload : null;
    } catch {
      return null;
    }
  }

  /** @param {Payload} payload */
  function notificationOf(payload) {
    const { body, icon, image, require_interaction: requireInteraction = false } = payload;
    const actions = (payload.buttons ?? []).map(({ text }, index) => ({ action: String(index), title: text }));
    return {
      body,
      requireInteraction,
      actions,
      data: { cresset: payload },
      ...(icon && { icon }),
      ...(image && { image }),
    };
  }

  /**
   * Focuses a window that shows the address already, or opens a new one. Without an address, it focuses any window.
   * @param {string | undefined} address Absolute, or relative to the service worker's scope.
   */
  async function open(address) {
    const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
    const scope = worker.registration.scope;
    const url = address && URL.canParse(address, scope) ? new URL(address, scope) : null;
    const shown = windows.find((client) => url === null || client.url === url.href);
    if (shown) return shown.focus();
    const isPage = url === null || /^https?:$/.test(url.protocol);
    return isPage ? worker.clients.openWindow((url ?? new URL(scope)).href) : null;
  }

  /**
   * Registers a subscription that the browser replaced while no page was open.
   * @param {{ oldSubscription?: PushSubscription | null, newSubscription?: PushSubscription | null }} event
   */
  async function renew({ oldSubscription, newSubscription }) {
    const options = new URL(worker.location.href).searchParams;
    const [url, appId] = [options.get('cresset_url'), options.get('cresset_app')];
    if (!url || !appId) return;
    const cache = await caches.open(store);
    const previous = (await (await cache.match(storedSubscription))?.json()) ?? oldSubscription?.toJSON();
    const subscription = newSubscription ?? (await subscribeAgain(url, appId));
    const body = JSON.stringify({ app_id: appId, subscription, ...(previous && { previous }) });
    const response = await fetch(`${url}/sdk/web-push/subscriptions`, { method: 'POST', body });
    if (!response.ok) throw new Error(`the server refused the new subscription: ${response.status}`);
    await cache.put(storedSubscription, new Response(JSON.stringify(subscription)));
  }

  /**
   * @param {string} url
   * @param {string} appId
   */
  async function subscribeAgain(url, appId) {
    const response = await fetch(`${url}/sdk/web-push/config?app_id=${encodeURIComponent(appId)}`);
    const { vapid_public_key: applicationServerKey } = await response.json();
    return worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  }
})();
