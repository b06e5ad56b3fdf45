// The messages of campaigns in the workspace file: checked when the file is applied, as /messages/send checks them.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sql } from '../src/db/sql.ts';
import { WorkspaceFileError } from '../src/workspace/file/file.ts';
import { startTestApp } from './support/app.ts';

const SMS = '55555555-5555-4555-8555-555555555555';
const FANS = '11111111-1111-4111-8111-111111111111';

const webhook = { url: 'https://example.test', request_method: 'POST', body: 'Hi {{${first_name}}}' };
const email = { from: 'Acme <hello@acme.test>', app_id: 'x', subject: 'Hi', body: '<p>Hi</p>' };
const card = { type: 'CLASSIC', title: 't', description: 'd' };
const one = { id: 'one', name: 'One', kind: 'api_triggered', messages: { webhook } };
const base = {
  subscription_groups: [{ id: SMS, name: 'Alerts', channel: 'sms' }],
  segments: [{ id: FANS, name: 'Fans', filter: null, archived: false }],
  campaigns: [one],
};
const bad: [what: string, campaign: object, problem: RegExp][] = [
  [
    'an unknown channel',
    { messages: { emial: email } },
    /^campaigns\[0\]\.messages\.emial: expected one of .*; did you mean email\?/,
  ],
  ['no channel', { messages: {} }, /messages: expected one or more of/],
  ['messages that are a list', { messages: [] }, /messages: expected an object/],
  ['a message that is a text', { messages: { webhook: 'x' } }, /messages\.webhook: expected an object/],
  [
    'a missing member',
    { messages: { webhook: { url: 'https://a.test' } } },
    /messages\.webhook\.request_method: is required/,
  ],
  [
    'a template that cannot be read',
    { messages: { webhook: { ...webhook, body: '{{' } } },
    /messages\.webhook\.body: not a valid template/,
  ],
  ['no sender', { messages: { email: { ...email, from: '' } } }, /messages\.email\.from: is required/],
  [
    'an unknown group',
    { messages: { sms: { app_id: 'x', subscription_group_id: FANS, body: 'x' } } },
    /messages\.sms\.subscription_group_id: does not name/,
  ],
  [
    'a variation of nobody',
    { messages: { email: { ...email, message_variation_id: 'v' } } },
    /message_variation_id: is not a variation of this campaign/,
  ],
  [
    'a variation of another channel',
    { variations: [{ id: 'v', channel: 'sms' }], messages: { email: { ...email, message_variation_id: 'v' } } },
    /message_variation_id: is a variation of sms/,
  ],
  [
    'a card with a fixed end',
    { messages: { content_card: { ...card, expire_at: '2099-01-01T00:00:00Z' } } },
    /content_card\.expire_at: expected a template, or time_to_live/,
  ],
  [
    'messages that are too large',
    { messages: { webhook: { ...webhook, body: 'x'.repeat(530_000) } } },
    /messages: expected at most 524288 bytes as JSON, got 530\d\d\d/,
  ],
  [
    'characters that are no text',
    { messages: { webhook: { ...webhook, body: '\u0000' } } },
    /messages\.webhook\.body: holds characters that are no text/,
  ],
  ['a segment that does not exist', { segment_id: SMS }, /segment_id: names no segment/],
  [
    'a Canvas id of another campaign',
    { canvas: { id: 'one', name: 'x' }, id: 'two' },
    /canvas\.id: is the id of another campaign/,
  ],
  ['messages of an API campaign', { kind: 'api' }, /campaigns\[0\]\.messages: does not fit a campaign of kind api/],
  ['a paused API campaign', { kind: 'api', messages: null, paused: true }, /campaigns\[0\]\.paused: does not fit/],
  [
    'a Canvas of a transactional campaign',
    { kind: 'transactional', canvas: { id: 'x', name: 'x' } },
    /campaigns\[0\]\.canvas: does not fit/,
  ],
];

test('what is wrong with a campaign refuses the file, and names the path', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace(JSON.stringify(base));
  for (const [what, campaign, problem] of bad) {
    const file = JSON.stringify({ ...base, campaigns: [{ ...one, ...campaign }] });
    await assert.rejects(app.givenWorkspace(file), (error: Error) => {
      assert.ok(error instanceof WorkspaceFileError, `${what}: ${error.message}`);
      assert.ok(
        error.problems.some((text) => problem.test(text)),
        `${what}: ${error.problems.join('; ')}`,
      );
      return true;
    });
  }
  assert.deepEqual(app.workspace().campaigns.get('one')?.trigger?.messages, { webhook });
  assert.equal(app.workspace().campaigns.size, 1);
});

test('a change elsewhere that breaks a campaign is refused, and a transactional one reaches all and obeys no caps', async (t) => {
  const app = await startTestApp(t);
  const sms = { app_id: 'x', subscription_group_id: SMS, body: 'x' };
  const campaigns = [
    { ...one, messages: { sms }, segment_id: FANS },
    { ...one, id: 'receipt', kind: 'transactional' },
    { ...one, id: 'strict', kind: 'transactional', obeys_caps: true, recipient_subscription_state: 'opted_in' },
  ];
  await app.givenWorkspace(JSON.stringify({ ...base, campaigns }));
  const without = (section: 'subscription_groups' | 'segments') => ({
    [section]: base[section].map((thing) => ({ ...thing, archived: true })),
  });
  await assert.rejects(
    app.givenWorkspace(JSON.stringify(without('subscription_groups'))),
    /campaign one \(not in the file\)\.messages\.sms\.subscription_group_id/,
  );
  await assert.rejects(
    app.givenWorkspace(JSON.stringify(without('segments'))),
    /campaign one \(not in the file\)\.segment_id: names no segment, or an archived one/,
  );
  const seen = ['one', 'receipt', 'strict'].map((id) => {
    const campaign = app.workspace().campaigns.get(id);
    return [id, campaign?.obeysCaps, campaign?.trigger?.requiredState];
  });
  assert.deepEqual(seen, [
    ['one', true, 'subscribed'],
    ['receipt', false, 'all'],
    ['strict', true, 'opted_in'],
  ]);
  const before = await app.db.query(sql`select updated_at from campaigns order by id`);
  await app.givenWorkspace(JSON.stringify({ ...base, campaigns }));
  assert.deepEqual(await app.db.query(sql`select updated_at from campaigns order by id`), before, 'applied twice');
});
