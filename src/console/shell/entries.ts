import type { IconName } from '../parts/icon.tsx';

/** An entry of the main navigation. `key`: after `g`, it goes there. */
export interface Entry {
  path: string;
  name: string;
  icon: IconName;
  key: string;
  /** Whether it stands in the bar of a phone. */
  isOnPhone: boolean;
}

/** The entries that are built. A new page is added here and in router.tsx. */
export const entries: readonly Entry[] = [
  { path: '/', name: 'Home', icon: 'home', key: 'h', isOnPhone: true },
  { path: '/dispatches', name: 'Dispatches', icon: 'dispatches', key: 'd', isOnPhone: true },
  { path: '/people', name: 'People', icon: 'people', key: 'p', isOnPhone: true },
  { path: '/outbox', name: 'Outbox', icon: 'outbox', key: 'o', isOnPhone: true },
  { path: '/audiences', name: 'Audiences', icon: 'audiences', key: 'a', isOnPhone: false },
  { path: '/campaigns', name: 'Campaigns', icon: 'campaigns', key: 'c', isOnPhone: false },
  { path: '/templates', name: 'Templates', icon: 'templates', key: 't', isOnPhone: false },
  { path: '/schedules', name: 'Schedules', icon: 'waiting', key: 'l', isOnPhone: false },
  { path: '/requests', name: 'Requests', icon: 'requests', key: 'r', isOnPhone: false },
  { path: '/reference', name: 'API reference', icon: 'reference', key: 'f', isOnPhone: false },
  { path: '/settings', name: 'Settings', icon: 'settings', key: 's', isOnPhone: false },
];
