import { isDeepStrictEqual } from 'node:util';
import { elementPath, isObject, own, quotedMemberPath } from '../../lib/raw/json.ts';
import type { Sink } from '../../lib/raw/problems.ts';
import { refuse } from '../../lib/raw/shape.ts';
import { Hidden } from '../export/hidden.ts';

/** What stands in the place of a secret that stays as it is. */
const PLACEHOLDER = /\$\{secret:[^}]*\}/;
/** Where an account's secrets are sent to. With another address, they would be shown to whoever answers there. */
const addresses = ['base_url', 'base_url_development', 'token_url'];
const DEEPEST = 64;
/** What tells entries of a list apart, the first of these that they have. */
const names = ['id', 'name', 'domain'];

export function placeholderOf(digest: string | null): string {
  return `\${secret:${digest ?? ''}}`;
}

export interface KeepOptions {
  /** The digest that stands for a secret. */
  digestOf(secret: Hidden): string | null;
  problems: Sink;
}

/**
 * Puts the stored secrets in the place of what stands for them in an edited text. A secret stays only where it is: at the same
 * member of the same thing, with the same address. All else is refused at its path.
 */
export function keepSecrets(given: unknown, stored: unknown, options: KeepOptions, path = '', depth = 0): unknown {
  if (depth > DEEPEST) {
    refuse(options.problems, path.slice(0, 200), 'is nested too deeply');
    return null;
  }
  if (typeof given === 'string') return textOf(given, stored, options, path);
  if (Array.isArray(given)) {
    const before = Array.isArray(stored) ? stored : [];
    return given.map((one, at) => keepSecrets(one, pairOf(one, before, at), options, elementPath(path, at), depth + 1));
  }
  if (!isObject(given)) return given;
  const before = isObject(stored) && !(stored instanceof Hidden) ? stored : {};
  refuseOtherAddress(given, before, options, path);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      keepSecrets(value, own(before, name), options, quotedMemberPath(path, name), depth + 1),
    ]),
  );
}

function textOf(given: string, stored: unknown, { digestOf, problems }: KeepOptions, path: string): string {
  if (!PLACEHOLDER.test(given)) return given;
  if (stored === given) return given; // A text that only looks so.
  if (stored instanceof Hidden) {
    if (!stored.isSecret && stored.show(({ value }) => value ?? '') === given) return given;
    const placeholder = placeholderOf(digestOf(stored));
    if (stored.isSecret && stored.value !== null && stored.show(() => placeholder) === given)
      return stored.show(({ value }) => value ?? '');
  }
  refuse(problems, path, 'stands for a secret that is not stored at this very place; write the secret itself');
  return 'missing';
}

/** The stored entry that is meant by an entry of the text. */
function pairOf(given: unknown, stored: readonly unknown[], at: number): unknown {
  if (!isObject(given)) return stored[at];
  const name = names.find((one) => typeof own(given, one) === 'string');
  if (name === undefined) return stored[at];
  return stored.find((one) => isObject(one) && own(one, name) === given[name]);
}

function refuseOtherAddress(
  given: Readonly<Record<string, unknown>>,
  stored: Readonly<Record<string, unknown>>,
  { problems }: KeepOptions,
  path: string,
): void {
  const isKept = (name: string, value: unknown) =>
    typeof value === 'string' && PLACEHOLDER.test(value) && own(stored, name) instanceof Hidden;
  const kept = Object.entries(given).find(([name, value]) => isKept(name, value))?.[0];
  if (kept === undefined) return;
  for (const name of addresses) {
    if (isDeepStrictEqual(own(given, name) ?? null, own(stored, name) ?? null)) continue;
    const reason = `must be written again, because ${name} is another one: it would be sent there`;
    refuse(problems, quotedMemberPath(path, kept), reason);
    return;
  }
}
