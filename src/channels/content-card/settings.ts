import { createPublicKey } from 'node:crypto';
import { checked, list, maybe, object, oneOf, type Read, refuse, required, text } from '../../lib/raw/shape.ts';

/** Most keys of an app, so that they can be changed one after the other. Source: more-endpoints.md §9. */
const MOST_KEYS = 3;
const SHORTEST_SECRET_BYTES = 32;
const SHORTEST_RSA_BITS = 2_048;

const anyKey = object({
  algorithm: required(oneOf(['HS256', 'RS256'])),
  key: required(text({ max: 8_192, multiline: true })),
});

/** A key fits one algorithm. Otherwise a public key could be used as a secret. */
const key: typeof anyKey = (value, path, problems) => {
  const read = anyKey(value, path, problems);
  if (read === undefined) return undefined;
  const problem = read.algorithm === 'HS256' ? secretProblem(read.key) : publicKeyProblem(read.key);
  return problem === null ? read : refuse(problems, `${path}.key`, problem);
};

const keys: typeof keyList = (value, path, problems) => {
  const read = keyList(value, path, problems);
  return read?.length === 0 ? refuse(problems, path, 'expected at least one key') : read;
};
const keyList = list(key, MOST_KEYS);

const origin = checked(text(), (value) =>
  URL.canParse(value) && /^https?:/.test(value) && new URL(value).origin === value
    ? null
    : 'expected an origin such as https://app.example.com',
);

/** Who may fetch the content cards of an app's users, and report what they did with them. */
export const feedSettings = object({
  keys: required(keys),
  origins: maybe(list(origin, 100)),
});

export type FeedSettings = Read<typeof feedSettings>;

function secretProblem(value: string): string | null {
  if (value.includes('-----BEGIN')) return 'expected a secret; a PEM key is for RS256';
  return Buffer.byteLength(value) >= SHORTEST_SECRET_BYTES ? null : 'expected at least 32 characters';
}

function publicKeyProblem(value: string): string | null {
  const expected = `expected a public RSA key of at least ${SHORTEST_RSA_BITS} bits as PEM`;
  if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----/.test(value)) return expected;
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(value);
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    return asymmetricKeyType === 'rsa' && bits >= SHORTEST_RSA_BITS ? null : expected;
  } catch {
    return expected;
  }
}
