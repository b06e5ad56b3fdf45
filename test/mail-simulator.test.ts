// The stand-in for mail relays: its answers by address, header and plan, and what comes back of its mails.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { sql } from '../src/db/sql.ts';
import { readFaults } from '../src/simulate/faults.ts';
import { type MailAccount, makeMailAccount } from '../src/simulate/smtp/mail-account.ts';
import { mailServices } from '../src/simulate/smtp/service-events.ts';
import { startSmtpSimulator } from '../src/simulate/smtp/smtp.ts';
import { RETURN_PATH, startMailWorld } from './support/mail-world.ts';
import { untilApplied } from './support/settle.ts';

async function start(t: TestContext, login: Partial<MailAccount> = {}) {
  const certificate = { text: '' };
  const world = await startMailWorld(t, { app: { getText: async () => certificate.text } });
  const { app } = world;
  assert.ok(app.app.mailListener);
  const port = await app.app.mailListener.listen({ host: '127.0.0.1', port: 0 });
  const simulator = await startSmtpSimulator({
    ...{ clock: app.clock, reportsUrl: `smtp://127.0.0.1:${port}` },
    account: { ...makeMailAccount(), ...login },
  });
  app.beforeClose(() => simulator.stop());
  const { account } = simulator;
  certificate.text = account.snsCertificate;
  const events = {
    ses: { topics: [account.snsTopic] },
    sendgrid: { public_key: account.sendGridPublicKey },
    postmark: { username: 'postmark', password: account.postmarkPassword },
    mailgun: { signing_key: account.mailgunKey },
    resend: { secret: account.resendSecret },
  };
  const configure = (kind: string) =>
    app.givenWorkspace(
      JSON.stringify({
        email: {
          ...{ default_from: 'Acme <hello@acme.test>', return_path: RETURN_PATH, events },
          smtp: { url: simulator.relayUrl, kind },
        },
      }),
    );
  return {
    ...{ app, simulator, configure },
    /** Sends one mail to each address. Resolves, when all that came back is applied, with the verdict of each. */
    async send(addresses: readonly string[], headers: object = {}) {
      const people = addresses.map((email) => ({ external_id: email, email }));
      await app.post('/users/track', { attributes: people });
      const email = { app_id: 'x', subject: 'Hi', body: '<p>Hi</p>', headers };
      const { body } = await app.post('/messages/send', { external_user_ids: addresses, messages: { email } });
      await app.drain();
      await simulator.idle();
      await app.drain();
      await untilApplied(app);
      const { recipients } = (await app.get(`/dispatches/${body.dispatch_id}/recipients`)).body;
      const verdicts = (recipients as Record<string, string>[]).map(
        ({ external_id, status, provider_code }): [string, string] => [
          external_id ?? '',
          `${status}${provider_code === null ? '' : ` ${provider_code}`}`,
        ],
      );
      return Object.fromEntries(verdicts);
    },
    /** What came back of an address, in the order of the words. */
    async told(address: string) {
      const rows = await app.db.query<{ text: string }>(sql`
        select concat_ws(' ', kind, case when is_permanent then 'dead' end, outcome) as text
          from feedback_events where address = ${address} or external_send_id = ${address}
         order by 1`);
      return rows.map(({ text }) => text);
    },
  };
}

test('a mail asks for an answer by its address, by a header or by the plan, and the books agree', async (t) => {
  const { app, simulator, configure, send } = await start(t);
  await configure('plain');
  const verdicts = await send([
    ...['ada@example.test', 'sim-no_such_user-a@example.test', 'sim-mailboxFull-b@example.test'],
    ...['sim-policy-c@example.test', 'sim-spam-d@example.test', 'sim-451.x1-e@example.test'],
    'sim-nonsense-f@example.test',
  ]);
  const [later] = [verdicts['sim-451.x1-e@example.test']];
  assert.match(String(later), /^pending 451$/);
  assert.deepEqual(verdicts, {
    ...{ 'ada@example.test': 'sent', 'sim-no_such_user-a@example.test': 'bounced 550 5.1.1' },
    ...{ 'sim-mailboxFull-b@example.test': 'pending 552 5.2.2', 'sim-policy-c@example.test': 'failed 550 5.7.1' },
    ...{ 'sim-spam-d@example.test': 'failed 554 5.7.1', 'sim-451.x1-e@example.test': later },
    'sim-nonsense-f@example.test': 'failed 554 5.5.0',
  });
  assert.deepEqual(await send(['ada@example.test'], { 'X-Simulate': 'too_large' }), {
    'ada@example.test': 'failed 552 5.3.4',
  });
  simulator.setFaults(readFaults({ fault: ['550:100%'] }));
  assert.deepEqual(await send(['bob@example.test']), { 'bob@example.test': 'bounced 550' });
  simulator.setFaults(readFaults({ dead: '100%' }));
  assert.deepEqual(await send(['eve@example.test']), { 'eve@example.test': 'bounced 550 5.1.1' });
  assert.throws(() => simulator.setFaults(readFaults({ fault: ['gone:1%'] })), /there is no answer "gone"/);
  const { accepted, answers } = simulator.counts();
  assert.equal(accepted, 1);
  assert.deepEqual(
    [answers.accepted, answers.spam, answers.no_such_user, answers.too_large, answers['451'], answers.misspelt],
    [1, 1, 2, 1, 1, 1],
  );
  const [mail] = simulator.received('ada@example.test');
  assert.match(mail?.message.from ?? '', new RegExp(`^bounce\\+[a-z2-7]{50}@${RETURN_PATH.replaceAll('.', '\\.')}$`));
  assert.ok(mail?.message.headers.some(([name, value]) => name === 'Subject' && value === 'Hi'));
  assert.equal((await app.get('/email/hard_bounces?email=bob@example.test')).body.emails.length, 1);
});

test('a login with special characters is written so that a workspace file takes it, and logs in', async (t) => {
  const { app, simulator, configure, send } = await start(t, { username: 'us@er/1#%', password: 'p@ss:w/?#%&é' });
  await configure('plain');
  const { username, password } = new URL(simulator.relayUrl);
  assert.deepEqual([decodeURIComponent(username), decodeURIComponent(password)], ['us@er/1#%', 'p@ss:w/?#%&é']);
  assert.deepEqual(await send(['ada@example.test']), { 'ada@example.test': 'sent' });
  assert.equal(simulator.counts().accepted, 1);
  assert.equal((await app.get('/email/relays')).body.relays[0].state, 'open');
});

test('bounce mails and complaints of the stand-in come back to the listener and count', async (t) => {
  const { app, simulator, configure, send } = await start(t);
  await configure('plain');
  const names = ['bounce', 'full', 'delayed', 'complaint', 'vacation', 'mute'];
  const addresses = names.map((name) => `sim-${name}-ada@example.test`);
  assert.deepEqual(await send(addresses), Object.fromEntries(addresses.map((one) => [one, 'sent'])));
  const rows = await app.db.query<{ text: string }>(sql`
    select concat_ws(' ', kind, case when is_permanent then 'dead' end, code, outcome) as text
      from feedback_events order by 1`);
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['bounced 5.2.2 applied', 'bounced dead 5.1.1 applied', 'complained abuse applied', 'deferred 4.4.1 applied'],
  );
  const { answers } = simulator.counts();
  const reports = Object.entries(answers).filter(([name]) => name.startsWith('report'));
  assert.deepEqual(Object.fromEntries(reports), {
    ...{ 'report bounced: 250': 1, 'report full: 250': 1, 'report delayed: 250': 1 },
    ...{ 'report complained: 250': 1, 'report vacation: 250': 1 },
  });
});

test('the webhooks of each mail service are signed, name their send, and have their effect', async (t) => {
  const { app, simulator, configure, send } = await start(t);
  for (const service of mailServices) {
    await configure(service);
    simulator.tellAt(service, `${app.url}/callbacks/email/${service}/${app.workspaceId}`);
    const names = ['bounce', 'full', 'delayed', 'complaint', 'clicked'];
    await send([`${service}@example.test`, ...names.map((name) => `sim-${name}-${service}@example.test`)]);
    const rows = await app.db.query<{ text: string }>(sql`
      select concat_ws(' ', kind, case when is_permanent then 'dead' end, outcome, count(*)) as text
        from feedback_events where provider = ${service} and dispatch_id is not null
       group by kind, is_permanent, outcome order by 1`);
    const full = service === 'mailgun' ? 'failed' : 'bounced'; // Mailgun gives up a full mailbox
    const kinds = ['bounced dead', 'clicked', 'complained', 'deferred', full, 'opened'].map(
      (kind) => `${kind} applied 1`,
    );
    assert.deepEqual(
      rows.map(({ text }) => text),
      [...kinds, 'delivered applied 4'].sort(),
      `${service}: ${JSON.stringify(simulator.counts().answers)}`,
    );
  }
});
