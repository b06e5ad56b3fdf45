// The tools of `cresset mcp` that send: tokens, changed audiences, permissions and lost answers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { MovableClock } from '../src/lib/movable-clock.ts';
import { type Answer, connectAssistant } from './support/mcp/assistant.ts';
import { dispatchesOf, givenApp, rehearsed, sentBy, toAda, toGold, track } from './support/mcp/world.ts';

test('what keeps an assistant from sending something else', async (t) => {
  const app = await givenApp(t);

  await t.test(
    'a token expires after ten minutes, is known to its process only, and is used up by a changed audience',
    async () => {
      const clock = new MovableClock(new Date('2026-03-15T12:00:00Z'));
      const [assistant, another] = [await connectAssistant(t, { ...app, clock }), await connectAssistant(t, app)];
      const { token, expires_at } = await assistant.ask('dry_run_send', rehearsed(toAda));
      assert.equal(expires_at, '2026-03-15T12:10:00.000Z');
      assert.match(await another.refused('confirm_send', { token }), /not known here/);
      clock.advance(600_000);
      assert.match(await assistant.refused('confirm_send', { token }), /has expired.*Nothing was sent/);
      assert.match(await assistant.refused('confirm_send', { token }), /not known here/);

      const trial = await assistant.ask('dry_run_send', rehearsed(toGold));
      assert.deepEqual([trial.counts.targeted, trial.channels.webhook.would_be_sent], [1, 1]);
      await track(app, [{ external_id: 'bob', plan: 'gold' }]);
      const changed = await assistant.refused('confirm_send', { token: trial.token });
      assert.match(changed, /^Nothing was sent.*it was for 1 person, and is now for 2 people/);
      assert.match(await assistant.refused('confirm_send', { token: trial.token }), /not known here/);

      // As many people, but one has gone who would have got the message.
      const mail = {
        app_id: '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11',
        subject: 'Hi',
        body: 'Hi',
        from: 'Acme <a@acme.test>',
      };
      await app.givenWorkspace('apps: [{ id: 0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11, name: Acme, platform: ios }]');
      const named = await assistant.ask('dry_run_send', rehearsed({ ...toAda, messages: { email: mail } }));
      await track(app, [{ external_id: 'ada', email_subscribe: 'unsubscribed' }]);
      const fewer = await assistant.refused('confirm_send', { token: named.token });
      assert.match(fewer, /it would have sent 1 message, and would now send 0/);

      assert.deepEqual(await dispatchesOf(app), []);
      const last = await assistant.ask('dry_run_send', rehearsed(toGold));
      clock.advance(599_999);
      const { reached } = await assistant.ask('confirm_send', { token: last.token });
      assert.deepEqual(reached, { people: 2, messages: 2 });
      assert.deepEqual((await sentBy(app)).sort(), ['Hello Ada', 'Hello Bob']);
    },
  );

  await t.test('the permissions of the key hold, and the refusal names what failed', async () => {
    const key = await app.givenKey({ permissions: ['status.read', 'messages.send', 'campaigns.details'] });
    const assistant = await connectAssistant(t, { url: app.url, key });
    const { accounts } = await assistant.ask('get_status', { accounts: true });
    assert.match(accounts.mail_relays.refused, /^Cresset answered 403: You do not have permission/);
    assert.match(await assistant.refused('get_user', { external_id: 'ada' }), /^Cresset answered 403: /);
    const { found, not_looked_at } = await assistant.ask('find', { id: 'order' });
    assert.deepEqual(
      found.map((one: Answer) => one.what),
      ['campaign'],
    );
    assert.deepEqual(not_looked_at.map((one: Answer) => one.what).slice(0, 2), ['idempotency key', 'segment']);
    const trigger = { campaign_id: 'order', recipients: [{ external_user_id: 'ada' }] };
    assert.match(await assistant.refused('dry_run_send', rehearsed(trigger, '/campaigns/trigger/send')), /403/);
    const stranger = await connectAssistant(t, { url: app.url, key: 'unknown' });
    assert.match(await stranger.refused('find', { id: 'order' }), /^Cresset answered 401: Invalid API key/);
  });

  await t.test('a send whose answer is lost may be confirmed again, and is sent once', async (t) => {
    const before = (await sentBy(app)).length;
    let lost = 0;
    const proxy = createServer(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      const headers = request.headers as Record<string, string>;
      const answer = await fetch(app.url + request.url, { method: 'POST', headers, body });
      const text = await answer.text();
      if (!body.includes('dry_run') && lost < 2) {
        lost += 1;
        if (lost === 1) request.socket.destroy();
        else response.writeHead(502).end('Bad Gateway');
      } else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    t.after(() => {
      proxy.closeAllConnections();
      proxy.close();
    });
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const assistant = await connectAssistant(t, { url, key: app.key });
    const { token } = await assistant.ask('dry_run_send', rehearsed(toAda));
    const unclear = await assistant.refused('confirm_send', { token });
    assert.match(unclear, /may have been accepted\. Confirm the same token again/);
    assert.equal(lost, 2);
    const [, idempotency_key] = /idempotency_key (\S+)\.$/.exec(unclear) ?? [];
    const asked = await app.get(`/dispatches?idempotency_key=${idempotency_key}`);
    const { dispatch_id, already_confirmed } = await assistant.ask('confirm_send', { token });
    assert.deepEqual(
      asked.body.dispatches.map((one: Answer) => one.dispatch_id),
      [dispatch_id],
    );
    assert.equal(already_confirmed, false);
    assert.equal((await sentBy(app)).length, before + 1);
  });
});
