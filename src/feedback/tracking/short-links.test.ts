import assert from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import test from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import type { SendReference } from '../reference.ts';
import { codeOf, findShortLink, shortLinkKey, storeShortLinks } from './short-links.ts';

const key = shortLinkKey(createSecretKey(Buffer.alloc(32, 1)));
const ada: SendReference = {
  ...{ workspaceId: 1, bucket: 2, userId: 3, channel: 'sms' },
  dispatchId: '0195a1b2-c3d4-7abc-8def-0123456789ab',
};
const now = new Date('2026-03-15T12:00:00Z');

test('a link is stored once however often its text is composed, and a code that leads elsewhere is told', async (t) => {
  const { db } = await testDatabase(t);
  const url = 'https://a.test/';
  const code = codeOf(key, ada, url);
  assert.match(code, /^[A-Za-z0-9]{10}$/);
  assert.equal(codeOf(key, ada, url), code);
  assert.notEqual(codeOf(key, { ...ada, userId: 4 }, url), code);
  const link = { code, send: ada, url };
  for (let times = 0; times < 2; times += 1)
    assert.deepEqual(await storeShortLinks(db.byKey, [link, link], now), new Set());
  const others = [
    { ...link, url: 'https://b.test/' },
    { ...link, send: { ...ada, userId: 4 } },
  ];
  for (const other of others) assert.deepEqual(await storeShortLinks(db.byKey, [other], now), new Set([code]));
  assert.deepEqual(await findShortLink(db.byKey, code), { send: ada, url });
  assert.equal(await findShortLink(db.byKey, 'aaaaaaaaaa'), null);
});
