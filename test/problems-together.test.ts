// A request with mistakes of several kinds is answered once, with all that can be known without the database.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp } from './support/app.ts';

const webhook = { url: 'https://acme.test', request_method: 'GET' };

test('wrong members, an unknown segment and an unknown campaign are told together, under the message of the first', async (t) => {
  const app = await startTestApp(t);
  await app.givenWorkspace('campaigns: [{ id: news, name: News, kind: api }]');
  const noSegment = 'segment_id: does not name a segment of this workspace, got "gone"';
  const noCampaign = 'campaign_id: does not name an API campaign of this workspace, got "none"';
  const lost = { segment_id: 'gone', campaign_id: 'none' };
  const table: [body: object, message: string, errors: string[]][] = [
    [
      { ...lost, broadcast: 'maybe', messages: { webhook: { ...webhook, url: 5 } } },
      'Bad Request',
      [
        'broadcast: expected a boolean, got a text',
        noSegment,
        noCampaign,
        'messages.webhook.url: expected an absolute http or https URL',
      ],
    ],
    [{ ...lost, broadcast: true, messages: { webhook } }, 'Bad Request', [noSegment, noCampaign]],
    [
      { campaign_id: 'none', external_user_ids: ['ada'], messages: { webhook: { ...webhook, url: 5 } } },
      'Invalid Campaign ID',
      [noCampaign, 'messages.webhook.url: expected an absolute http or https URL'],
    ],
    [
      // What could not be read was given.
      { campaign_id: {}, send_id: 's', external_user_ids: ['ada'], messages: { webhook } },
      'Bad Request',
      ['campaign_id: expected a text, got an object'],
    ],
    [
      { messages: { webhook: { ...webhook, url: 5 } } },
      'No Recipients',
      [
        'external_user_ids, user_aliases, segment_id, audience: expected at least one, got none',
        'messages.webhook.url: expected an absolute http or https URL',
      ],
    ],
  ];
  for (const [body, message, errors] of table) {
    const answer = await app.post('/messages/send', body);
    assert.deepEqual([answer.status, answer.body.message, answer.body.errors], [400, message, errors]);
  }
  const trigger = await app.post('/campaigns/trigger/send', { campaign_id: 'none', broadcast: 'maybe' });
  assert.deepEqual(
    [trigger.body.message, trigger.body.errors],
    [
      'Bad Request',
      [
        'broadcast: expected a boolean, got a text',
        'campaign_id: does not name an API-triggered campaign of this workspace, got "none"',
      ],
    ],
  );
});
