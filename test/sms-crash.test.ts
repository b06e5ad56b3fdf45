// A server process that is killed while texts go out: nobody is lost, and with at_most_once nobody gets two.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { dataFolder, type ServerProcess, startServer } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';
import { readFaults } from '../src/simulate/faults.ts';
import { startTwilioSimulator } from '../src/simulate/twilio/twilio.ts';

const ALERTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
const EVERYBODY = '11111111-1111-4111-8111-111111111111';
const KEY = 'a-key-for-the-crash-test';
const PEOPLE = 600;
const headers = { authorization: `Bearer ${KEY}` };

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
async function ask(server: ServerProcess, path: string, body?: object): Promise<any> {
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(server.url + path, init);
  assert.ok(response.ok, `${path}: ${await response.clone().text()}`);
  return response.json();
}

/** Resolves with the counts of the dispatch by status once it has finished. */
async function finished(server: ServerProcess, id: string): Promise<Record<string, number>> {
  for (;;) {
    const { state, channels } = await ask(server, `/dispatches/${id}`);
    if (state === 'finished') return channels.sms;
    await pause(20);
  }
}

for (const delivery of ['at_least_once', 'at_most_once'] as const) {
  test(`${delivery}: after kill -9 while texts go out and a restart`, async (t) => {
    const twilio = await startTwilioSimulator({ faults: readFaults({ latency: '5-40' }) });
    t.after(() => twilio.stop());
    const { accountSid, authToken, from } = twilio.account;
    const account = { account_sid: accountSid, auth_token: authToken, from, base_url: twilio.url };
    const folder = dataFolder(t);
    const file = join(folder, 'workspace.yaml');
    writeFileSync(
      file,
      `subscription_groups: [{ id: ${ALERTS}, name: Alerts, channel: sms, twilio: ${JSON.stringify(account)} }]\nsegments: [{ id: ${EVERYBODY}, name: Everybody, filter: null }]\n`,
    );
    const env = { CRESSET_DATA_DIR: folder, PORT: '0', CRESSET_API_KEY: KEY, CRESSET_WORKSPACE: file };
    const first = await startServer({ ...env, CRESSET_LOG_LEVEL: 'warn', CRESSET_BROADCAST_THREADS: '1' });
    const subscription_groups = [{ subscription_group_id: ALERTS, subscription_state: 'subscribed' }];
    const numbers = Array.from({ length: PEOPLE }, (_, at) => `+1415556${String(at).padStart(4, '0')}`);
    for (let at = 0; at < PEOPLE; at += 75)
      await ask(first, '/users/track', {
        attributes: numbers.slice(at, at + 75).map((phone) => ({ external_id: phone, phone, subscription_groups })),
      });
    const { dispatch_id: id } = await ask(first, '/messages/send', {
      broadcast: true,
      segment_id: EVERYBODY,
      messages: { sms: { app_id: 'any', subscription_group_id: ALERTS, body: 'Hi' } },
      cresset: { delivery },
    });
    await twilio.until(100);
    assert.equal(await first.end('SIGKILL'), 'SIGKILL');
    assert.ok(twilio.counts().accepted < PEOPLE, 'it was killed while texts were going out');

    const second = await startServer({ ...env, CRESSET_LOG_LEVEL: 'warn', CRESSET_BROADCAST_THREADS: '1' });
    const { sent = 0, unknown = 0 } = await finished(second, id);
    const { distinct, surplus } = twilio.counts();
    t.diagnostic(`${sent} sent, ${unknown} unknown, ${distinct} numbers reached, ${surplus} doubled`);
    assert.equal(sent + unknown, PEOPLE);
    if (delivery === 'at_most_once') assert.equal(surplus, 0);
    else assert.deepEqual([unknown, distinct], [0, PEOPLE]);
    assert.ok(distinct >= sent, 'what counts as sent was sent');
    await second.end('SIGTERM');
  });
}
