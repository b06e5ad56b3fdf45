import assert from 'node:assert/strict';
import test from 'node:test';
import { messagesText } from './messages-text.ts';

test('a message that was tried several times is told with each earlier answer and its time', () => {
  const ada = { externalId: 'ada', brazeId: '69b69f404600000000000001', by: 'external id' } as const;
  const message = {
    dispatch_id: '019cf15fe6c075328b0772903435ca0a',
    accepted_at: '2026-03-15T12:00:00.000Z',
    ...({ channel: 'webhook', status: 'failed', reason: 'gave_up', detail: '502 bad gateway', address: null } as const),
    next_attempt_at: null,
    retried_after: [
      { at: '2026-03-15T12:00:00.123Z', provider_code: '503', detail: '503 busy' },
      { at: '2026-03-15T12:00:31.456Z', provider_code: '599', detail: null },
    ],
  };
  const messages = [{ person: ada, campaign: null, message }];
  assert.equal(
    messagesText({ people: [ada], messages, hasMore: false }),
    `ada (found by external id)

2026-03-15T12:00:00Z  webhook       failed     dispatch 019cf15fe6c075328b0772903435ca0a
  tried again after 2026-03-15T12:00:00Z: 503 busy
  tried again after 2026-03-15T12:00:31Z: 599
  it was tried as often as it may be: 502 bad gateway (gave_up)`,
  );
});
