// What the tests of content cards share: apps whose users may fetch cards, tokens of users, and short calls.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { TestContext } from 'node:test';
import { startTestApp, type TestApp } from './app.ts';

export const WEB = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a14';
export const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
export const ANDROID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a12';
/** An app without `content_cards`. */
export const PLAIN = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a13';
export const EVERYBODY = '11111111-1111-4111-8111-111111111111';
export const ORIGIN = 'https://app.example.com';
export const SECRET = 'a secret of at least 32 characters, of ours';
export const FEED = '/feed/v1/content_cards';

const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
export const privateKey: KeyObject = pair.privateKey;

export const card = { type: 'CLASSIC', title: 'Hello', description: 'Your order is ready', time_to_live: 86_400 };

export function workspace({ origins = [ORIGIN] }: { origins?: string[] } = {}): string {
  const feed = `keys: [{ algorithm: HS256, key: "${SECRET}" }], origins: ${JSON.stringify(origins)}`;
  return `
apps:
  - { id: ${WEB}, name: Web, platform: web, content_cards: { ${feed} } }
  - { id: ${IOS}, name: iOS, platform: ios, content_cards: { ${feed} } }
  - { id: ${ANDROID}, name: Android, platform: android, content_cards: { keys: [{ algorithm: RS256, key: ${JSON.stringify(publicPem)} }] } }
  - { id: ${PLAIN}, name: Plain, platform: web }
segments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]
campaigns:
  - { id: spring, name: Spring, kind: api, variations: [{ id: c, name: Card, channel: content_cards }] }
`;
}

export async function startCards(t: TestContext, options: Parameters<typeof startTestApp>[1] = {}): Promise<TestApp> {
  const app = await startTestApp(t, options);
  await app.givenWorkspace(workspace());
  return app;
}

export async function given(app: TestApp, ...names: string[]): Promise<void> {
  const { body } = await app.post('/users/track', { attributes: names.map((external_id) => ({ external_id })) });
  assert.equal(body.attributes_processed, names.length, JSON.stringify(body));
}

/** Sends a card. Returns its id. */
export async function sendCard(
  app: TestApp,
  names: string | string[],
  message: object = {},
  more: object = {},
): Promise<string> {
  const { status, body } = await app.post('/messages/send', {
    external_user_ids: [names].flat(),
    messages: { content_card: { ...card, ...message } },
    ...more,
  });
  assert.equal(status, 201, JSON.stringify(body));
  await app.drain();
  return body.dispatch_id;
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token as a back end makes it. `claims` and `header` replace what is usual. */
export function tokenOf(
  app: Pick<TestApp, 'clock'>,
  sub: unknown,
  { claims = {}, header = {}, key = SECRET }: { claims?: object; header?: object; key?: string | KeyObject } = {},
): string {
  const exp = app.clock.now().getTime() / 1_000 + 3_600;
  const isRsa = typeof key !== 'string';
  const content = `${part({ alg: isRsa ? 'RS256' : 'HS256', ...header })}.${part({ sub, exp, ...claims })}`;
  const signature = isRsa
    ? sign('sha256', Buffer.from(content), key)
    : createHmac('sha256', key).update(content).digest();
  return `${content}.${signature.toString('base64url')}`;
}

interface Asked {
  token?: string;
  appId?: string;
  headers?: Record<string, string>;
  query?: string;
}

/** Fetches a person's feed. */
export function fetchFeed(app: TestApp, name: string, { token, appId = WEB, headers = {}, query = '' }: Asked = {}) {
  const authorization = `Bearer ${token ?? tokenOf(app, name)}`;
  return app.get(`${FEED}?app_id=${appId}${query}`, { key: null, headers: { authorization, ...headers } });
}

/** The titles of a person's cards, in the order of the feed. */
export async function titlesOf(app: TestApp, name: string, asked?: Asked): Promise<string[]> {
  const { status, body } = await fetchFeed(app, name, asked);
  assert.equal(status, 200, JSON.stringify(body));
  return body.cards.map(({ title }: { title: string }) => title);
}
