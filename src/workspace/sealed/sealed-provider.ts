import { type Provider, type ProviderAmong, type ProviderKind, providerKinds } from '../../channels/providers.ts';
import { isObject } from '../../lib/raw/json.ts';
import { object, refuse, required, type Shape, text } from '../../lib/raw/shape.ts';
import { providerShapes } from '../provider-shapes.ts';
import { open, type Secret, SecretError, seal } from '../secrets.ts';
import { parseSealed, readStored, StoredSettingsError } from '../stored-settings.ts';

/** The two columns of an app's or group's provider: the readable settings and the sealed secrets. */
export interface SealedProvider {
  provider: { kind: string; settings: object } | null;
  secrets: Buffer | null;
}

export function sealProvider(provider: Provider | null, secret: Secret, place: string): SealedProvider {
  if (provider === null) return { provider: null, secrets: null };
  const { kind, settings } = provider;
  const secrets: readonly string[] = providerKinds[kind].secrets;
  const entries = Object.entries(settings);
  const hidden = Object.fromEntries(entries.filter(([name]) => secrets.includes(name)));
  const shown = Object.fromEntries(entries.filter(([name]) => !secrets.includes(name)));
  return { provider: { kind, settings: shown }, secrets: seal(secret, JSON.stringify(hidden), place) };
}

/** The row that a provider belongs to. */
export interface ProviderPlace<K extends ProviderKind> {
  /** Name of the row, bound to the sealed secrets; see `places`. */
  place: string;
  kinds: readonly K[];
  /** The app's platform, or the group's channel. */
  where: string;
}

/**
 * Opens and checks what `sealProvider` made. Throws SecretError when the secrets cannot be opened, and
 * StoredSettingsError when the row does not hold a valid provider.
 */
export function openProvider<K extends ProviderKind>(
  { provider, secrets }: SealedProvider,
  secret: Secret,
  { place, kinds, where }: ProviderPlace<K>,
): ProviderAmong<K> | null {
  if (provider === null) return null;
  const { kind: name, settings } = readStored(storedProvider, provider, place, 'provider');
  const kind = readStored(kindFor(where, kinds), name, place, 'provider.kind');
  const hidden = secrets === null ? {} : parseSealed(open(secret, secrets, place), place);
  const whole = { ...settings, ...readStored(anyObject, hidden, place, 'secrets') };
  const shape: Shape<ProviderAmong<K>> = providerShapes[kind];
  return readStored(shape, whole, place, kind);
}

const anyObject: Shape<Record<string, unknown>> = (value, path, problems) =>
  isObject(value) ? value : refuse(problems, path, 'expected an object');

const storedProvider = object({ kind: required(text()), settings: required(anyObject) });

function kindFor<K extends ProviderKind>(where: string, kinds: readonly K[]): Shape<K> {
  return (value, path, problems) => {
    const kind = kinds.find((one) => one === value && providerKinds[one].fits === where);
    return kind ?? refuse(problems, path, `does not fit ${where}`);
  };
}

export const UNREADABLE = Symbol('unreadable');

/** The stored provider in a comparable form. An unusable one differs from every other value. */
export function comparableProvider<K extends ProviderKind>(
  row: SealedProvider,
  secret: Secret,
  of: ProviderPlace<K>,
  reseal: boolean,
): unknown {
  return unlessUnreadable(() => openProvider(row, secret, of), reseal);
}

/**
 * Reads, or returns UNREADABLE if the stored settings cannot be used. Secrets that cannot be opened throw, unless `reseal`
 * is set, so that a start with the wrong CRESSET_SECRET overwrites nothing.
 */
export function unlessUnreadable<T>(read: () => T, reseal: boolean): T | typeof UNREADABLE {
  try {
    return read();
  } catch (error) {
    const isReplaced = error instanceof StoredSettingsError || (reseal && error instanceof SecretError);
    if (isReplaced) return UNREADABLE;
    throw error;
  }
}
