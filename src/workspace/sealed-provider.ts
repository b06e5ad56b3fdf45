import type { Provider } from './catalog.ts';
import { secretMembers } from './file/providers.ts';
import { openProvider, type StoredProvider } from './load-catalog.ts';
import { type Secret, SecretError, seal } from './secrets.ts';

export interface SealedProvider {
  provider: StoredProvider | null;
  secrets: Buffer | null;
}

/** The two columns of an app or group: what may be read, and the sealed rest. */
export function sealProvider(provider: Provider | null, secret: Secret, place: string): SealedProvider {
  if (provider === null) return { provider: null, secrets: null };
  const entries = Object.entries(provider.settings);
  const hidden = Object.fromEntries(entries.filter(([name]) => secretMembers.has(name)));
  const open = Object.fromEntries(entries.filter(([name]) => !secretMembers.has(name)));
  return { provider: { kind: provider.kind, settings: open }, secrets: seal(secret, JSON.stringify(hidden), place) };
}

const UNREADABLE = Symbol('unreadable');

/** The stored provider for a comparison. With `reseal`, one that does not open differs from everything. */
export function comparableProvider(row: SealedProvider, secret: Secret, place: string, reseal: boolean): unknown {
  return unlessUnreadable(() => openProvider(row, secret, place).provider ?? null, reseal);
}

export function unlessUnreadable<T>(read: () => T, reseal: boolean): T | typeof UNREADABLE {
  try {
    return read();
  } catch (error) {
    if (reseal && error instanceof SecretError) return UNREADABLE;
    throw error;
  }
}
