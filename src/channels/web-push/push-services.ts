/** Those of the browsers of today. Source: messaging-objects.md §5.3. */
export const knownPushServices: readonly string[] = [
  'fcm.googleapis.com',
  'jmt17.google.com', // Chromium as distributions build it
  '*.push.services.mozilla.com',
  '*.push.apple.com',
  '*.notify.windows.com',
];

/** Whether a host is one of these: a name, or `*.` and the end of names. */
export function isListedHost(host: string, list: readonly string[]): boolean {
  return list.some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry));
}
