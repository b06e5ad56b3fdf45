// One device under several spellings of its token.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';

const IOS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';
const ANDROID = '1d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

test('a token of Apple in another spelling is the same token, and has one owner', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(
    `apps: [{ id: ${IOS}, name: iOS, platform: ios }, { id: ${ANDROID}, name: Android, platform: android }]`,
  );
  const track = (external_id: string, app_id: string, tokens: string[]) =>
    app.post('/users/track', {
      attributes: [{ external_id, push_tokens: tokens.map((token) => ({ app_id, token })) }],
    });
  const tokensOf = async (external_id: string) => {
    const { body } = await app.post('/users/export/ids', { external_ids: [external_id] });
    return ((body.users[0]?.push_tokens ?? []) as { token: string }[]).map(({ token }) => token).sort();
  };
  await track('ada', IOS, ['AB'.repeat(32), 'ab'.repeat(32), `<${'abababab '.repeat(8).trim()}>`]);
  assert.deepEqual(await tokensOf('ada'), ['ab'.repeat(32)]);
  await track('ada', IOS, ['aB'.repeat(32)]);
  assert.deepEqual(await tokensOf('ada'), ['ab'.repeat(32)]);
  await track('bob', IOS, ['Ab'.repeat(32)]);
  assert.deepEqual([await tokensOf('ada'), await tokensOf('bob')], [[], ['ab'.repeat(32)]]);
  await track('ada', ANDROID, ['ABCD', 'abcd']);
  assert.deepEqual(await tokensOf('ada'), ['ABCD', 'abcd'], 'the case of other tokens means something');
});
