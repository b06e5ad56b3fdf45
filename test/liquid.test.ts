// Templates over HTTP: what is refused at the request, and that one person's message is nobody else's.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestApp, type TestApp } from './support/app.ts';

const webhook = (body: string) => ({ url: 'https://example.com/', request_method: 'POST', body });

interface Verdict {
  external_id: string;
  status: string;
  reason?: string;
  detail?: string;
}

async function givenPeople(t: Parameters<typeof startTestApp>[0], workspace = ''): Promise<TestApp> {
  const app = await startTestApp(t);
  await app.givenWorkspace(workspace);
  const attributes = [5, 0, 2].map((n) => ({ external_id: `u${n}`, n, cart_items: [{ name: `item ${n}` }] }));
  const { status, body } = await app.post('/users/track', { attributes });
  assert.equal(status, 201, JSON.stringify(body));
  return app;
}

/** `status reason` of each, by name. */
async function send(app: TestApp, body: string): Promise<Record<string, string>> {
  const answer = await app.post('/messages/send', {
    external_user_ids: ['u5', 'u0', 'u2'],
    messages: { webhook: webhook(body) },
  });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  await app.drain();
  const { body: report } = await app.get(`/dispatches/${answer.body.dispatch_id}/recipients`);
  return Object.fromEntries(
    report.recipients.map((one: Verdict) => [
      one.external_id,
      [one.status, one.reason, one.detail].filter(Boolean).join(' '),
    ]),
  );
}

test('a message that fails for one person goes to the others', async (t) => {
  const app = await givenPeople(t);
  const stopped = 'aborted render_error';
  assert.deepEqual(
    await send(app, '{{custom_attribute.${cart_items[0].name}}} {{ 10 | divided_by: custom_attribute.${n} }}'),
    {
      u5: 'sent',
      u0: `${stopped} messages.webhook.body: divided by 0, line 1, column 44`,
      u2: 'sent',
    },
  );
  // For one of them the heap of the server would not be enough.
  const doubling =
    '{% capture c %}ā{% endcapture %}{% for i in (1..40) %}{% capture c %}{{c}}{{c}}{% endcapture %}{% endfor %}';
  assert.deepEqual(await send(app, `{% if custom_attribute.\${n} == 5 %}${doubling}{% endif %}a`), {
    u5: `${stopped} messages.webhook.body: more than 1000000 characters, line 1, column 110`,
    u0: 'sent',
    u2: 'sent',
  });
});

test('a template that cannot be read is 400, however deep it is nested', async (t) => {
  const app = await givenPeople(t);
  const table: [string, string][] = [
    [`${'{{ '.repeat(8_000)}a${' }}'.repeat(8_000)}`, 'braces nested more than 100 deep, line 1'],
    [`${'{{'.repeat(8_000)}a`, 'three braces, line 1'],
    [`${'{% if a %}'.repeat(8_000)}`, 'nested more than 100 deep, line 1'],
    ['a\n{{ 1 | plus }}', 'filter plus: expected 1 arguments, got 0, line 2'],
  ];
  for (const [body, reason] of table) {
    const answer = await app.post('/messages/send', {
      external_user_ids: ['u5'],
      messages: { webhook: webhook(body) },
    });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.body.errors, [`messages.webhook.body: not a valid template: ${reason}`]);
  }
});

test('message_extras are kept with the send, and told to whoever asks for it', async (t) => {
  const app = await givenPeople(t, 'events: { verdicts: true }');
  const body =
    '{% message_extras :key item :value {{custom_attribute.${cart_items[0].name}}} %}{% message_extras :key  n of u  :value {{custom_attribute.${n} | plus: 1}}/6 %}' +
    '{% message_extras :key item :value later %}{% message_extras :value no :key order %}{% if custom_attribute.${n} == 5 %}{% message_extras :key long :value {{ "é" | append: "x" }}éé %}{% endif %}a';
  const messages = { webhook: webhook(body) };
  const people = ['u5', 'u0'];
  const preview = await app.post('/messages/preview', { external_user_ids: people, messages });
  const answer = await app.post('/messages/send', { external_user_ids: people, messages });
  await app.drain();
  const { body: report } = await app.get(`/dispatches/${answer.body.dispatch_id}/recipients`);
  const { body: ofOne } = await app.get('/users/messages?external_id=u5');
  const extrasOf = (all: { external_id: string; extras: object }[]) =>
    Object.fromEntries(all.map(({ external_id, extras }) => [external_id, extras]));
  const expected = {
    u5: { item: 'item 5', 'n of u': '6/6', long: 'éxéé' },
    u0: { item: 'item 0', 'n of u': '1/6' },
  };
  assert.deepEqual(extrasOf(preview.body.previews), expected);
  assert.deepEqual(extrasOf(report.recipients), expected);
  assert.deepEqual(ofOne.messages[0].extras, expected.u5);
  const { body: feed } = await app.get('/message_events?kind=sent');
  const details = feed.events.map((one: { external_id: string; detail: { extras: object } }) => ({
    external_id: one.external_id,
    ...one.detail,
  }));
  assert.deepEqual(extrasOf(details), expected);

  const [merged, kept] = [{ external_id: 'u5' }, { external_id: 'u2' }];
  await app.post('/users/merge', { merge_updates: [{ identifier_to_merge: merged, identifier_to_keep: kept }] });
  await app.drain();
  assert.deepEqual((await app.get('/users/messages?external_id=u2')).body.messages[0].extras, expected.u5);

  const plain = await app.post('/messages/send', { external_user_ids: ['u2'], messages: { webhook: webhook('a') } });
  await app.drain();
  const { body: other } = await app.get(`/dispatches/${plain.body.dispatch_id}/recipients`);
  assert.equal('extras' in other.recipients[0], false);
});
