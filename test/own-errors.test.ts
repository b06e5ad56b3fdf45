// Errors of our own while a message is prepared or a connection is made: no message stays in hand, and the server still stops.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import nodemailer from 'nodemailer';
import type { PushSenders } from '../src/channels/push/senders.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';
import { startMailServer } from './support/mail-server.ts';
import { IOS, workspace } from './support/push-provider.ts';
import { startWebhookSink } from './support/webhook-sink.ts';

const email = { app_id: IOS, from: 'a@acme.test', subject: 'Hello', body: '<p>Hello</p>' };
const MINUTE = 60_000;
const people = ['ada', 'bob', 'eve'];

interface World {
  app: TestApp;
  /** Lines of the log from errors on. */
  errors: Record<string, unknown>[];
  send(messages: object, more?: object): Promise<string>;
  verdict(dispatchId: string): Promise<Record<string, unknown>>;
}

async function start(t: TestContext, pushSenders?: PushSenders): Promise<World> {
  const errors: Record<string, unknown>[] = [];
  const onLog = (line: Record<string, unknown>) => {
    if (Number(line.level) >= 50) errors.push(line);
  };
  const app = await startTestApp(t, { onLog, ...(pushSenders && { pushSenders }) });
  await app.post('/users/track', {
    attributes: people.map((external_id) => ({ external_id, email: `${external_id}@acme.test` })),
  });
  return {
    app,
    errors,
    async send(messages, more = {}) {
      const { status, body } = await app.post('/messages/send', { external_user_ids: people, messages, ...more });
      assert.equal(status, 201, JSON.stringify(body));
      await app.drain();
      return body.dispatch_id;
    },
    verdict: async (id) => (await app.get(`/dispatches/${id}/recipients`)).body.recipients[0],
  };
}

async function givenDevices(app: TestApp): Promise<void> {
  const attributes = people.map((external_id) => ({
    external_id,
    push_tokens: [{ app_id: IOS, token: external_id.repeat(20) }],
  }));
  await app.post('/users/track', { attributes });
}

test('mails whose sender cannot be opened wait, go out once it can, and do not keep the server from stopping', async (t) => {
  const { app, errors, send, verdict } = await start(t);
  const server = await startMailServer(t);
  await app.givenWorkspace(JSON.stringify({ email: { smtp: { url: server.url } } }));
  const broken = t.mock.method(nodemailer, 'createTransport', () => {
    throw new URIError('URI malformed');
  });
  const id = await send({ email });
  const { status, attempts, provider_code, detail } = await verdict(id);
  assert.deepEqual([status, attempts, provider_code], ['pending', 0, 'internal_error']);
  assert.equal(detail, 'an error of this server, which its log names; tried again every five minutes');
  assert.equal((await app.get(`/dispatches/${id}`)).body.channels.email.attempts_in_flight, 0);
  assert.match(String(errors[0]?.msg), /^the sender of a channel cannot be opened/);
  assert.match(JSON.stringify(errors[0]?.err), /URI malformed/);
  broken.mock.restore();
  app.clock.advance(5 * MINUTE);
  await app.drain();
  assert.deepEqual([(await verdict(id)).status, server.mails.length], ['sent', 3]);

  t.mock.method(nodemailer, 'createTransport', () => {
    throw new URIError('URI malformed');
  });
  await app.givenWorkspace(JSON.stringify({ email: { smtp: { url: `${server.url}?name=other` } } }));
  await send({ email });
  await app.app.stop();
});

test('an app whose sender cannot be opened is paused and named; its pushes go out once it can', async (t) => {
  let isBroken = true;
  const { app, errors, send, verdict } = await start(t, {
    apns: () => {
      if (isBroken) throw new Error('no such curve');
      return { deliver: async () => ({ kind: 'accepted', providerId: 'x' }), close: async () => undefined };
    },
  });
  await app.givenWorkspace(workspace());
  await givenDevices(app);
  const id = await send({ apple_push: { alert: 'Hello' } });
  const { status, attempts } = await verdict(id);
  assert.deepEqual([status, attempts], ['pending', 0]);
  assert.match(
    (await app.get('/status')).body.problems.join(),
    /^app "iPhone" \(\S+\): its provider cannot be called: an error of this server, which its log names; since/,
  );
  assert.match((await app.get(`/dispatches/${id}`)).body.failure, /cannot be called: an error of this server/);
  assert.match(JSON.stringify(errors), /the sender of an app cannot be opened/);
  isBroken = false;
  app.clock.advance(5 * MINUTE);
  await app.drain();
  assert.equal((await verdict(id)).status, 'sent');
});

test('a push whose sender throws before it makes a promise costs an attempt, and is tried again', async (t) => {
  let calls = 0;
  const { app, errors, send, verdict } = await start(t, {
    apns: () => ({
      deliver() {
        calls += 1;
        if (calls <= 3) throw new Error('not a promise');
        return Promise.resolve({ kind: 'accepted', providerId: 'x' });
      },
      close: async () => undefined,
    }),
  });
  await app.givenWorkspace(workspace());
  await givenDevices(app);
  const id = await send({ apple_push: { alert: 'Hello' } });
  assert.deepEqual([(await verdict(id)).status, calls], ['pending', 3]);
  assert.match(JSON.stringify(errors), /a push sender threw/);
  app.clock.advance(MINUTE);
  await app.drain();
  assert.deepEqual([(await verdict(id)).status, (await verdict(id)).attempts], ['sent', 2]);
});

for (const [delivery, after] of [
  ['at_least_once', 'pending'],
  ['at_most_once', 'unknown'],
] as const)
  test(`${delivery}: an error while a webhook is prepared is its outcome, and it is ${after}`, async (t) => {
    const { app, errors, send, verdict } = await start(t);
    const sink = await startWebhookSink(t);
    await app.givenWorkspace(JSON.stringify({ webhook: { deliver: true, allow: [sink.host] } }));
    const broken = t.mock.method(URL, 'parse', () => {
      throw new Error('an error of ours');
    });
    const id = await send({ webhook: { url: sink.url, request_method: 'POST' } }, { cresset: { delivery } });
    const { status, attempts, provider_code } = await verdict(id);
    assert.deepEqual([status, attempts, provider_code], [after, 1, 'internal_error']);
    const [line] = errors;
    assert.equal(line?.msg, 'a message could not be delivered because of an error of our own');
    assert.deepEqual([line?.dispatch_id, line?.channel], [id, 'webhook']);
    broken.mock.restore();
    app.clock.advance(MINUTE);
    await app.drain();
    assert.equal(sink.total(), after === 'pending' ? 3 : 0);
  });

for (const [password, what] of [
  ['a%hidden', 'a %'],
  ['p@hidden/w#1', 'an @ and a /'],
  ['12#hidden', 'a #'],
] as const)
  test(`a workspace file whose password has ${what} is refused with the way to write it, and shows nothing of it`, async (t) => {
    const app = await startTestApp(t);
    const run = commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret, P: password });
    const path = join(temporaryFolder(t), 'workspace.yaml');
    writeFileSync(path, 'email: { smtp: { url: "smtp://cresset:${env:P}@127.0.0.1:25" } }\n');
    const { code, out, errors } = await run('apply', path);
    assert.notEqual(code, 0);
    assert.match(errors, /email\.smtp\.url: percent-encode user and password: % is %25, @ is %40/);
    assert.doesNotMatch(out + errors, /hidden/);
    assert.deepEqual((await app.get('/email/relays')).body.relays, []);
  });
