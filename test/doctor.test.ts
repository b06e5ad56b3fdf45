// `cresset doctor`: a sound installation is quiet, and each fault of a broken one is named with its mend.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { stringify } from 'yaml';
import { raw, sql } from '../src/db/sql.ts';
import type { Diagnosis } from '../src/doctor/diagnose.ts';
import { startAdmSimulator } from '../src/simulate/adm/adm.ts';
import { startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { startFcmSimulator } from '../src/simulate/fcm/fcm.ts';
import { startTwilioSimulator } from '../src/simulate/twilio/twilio.ts';
import { startWhatsAppSimulator } from '../src/simulate/whats-app/whats-app.ts';
import { startTestApp, type TestApp } from './support/app.ts';
import { commandLine, temporaryFolder } from './support/command-line.ts';
import { emptyDatabase } from './support/database.ts';
import { type DnsServer, startDnsServer } from './support/dns-server.ts';
import { type LoginRelay, startLoginRelay } from './support/login-relay.ts';

const newKey = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pem = (key: ReturnType<typeof newKey>) => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicText = (key: ReturnType<typeof newKey>) =>
  key.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const dkim = newKey();

interface World {
  app: TestApp;
  dns: DnsServer;
  relay: LoginRelay;
  env: Record<string, string>;
  /** The workspace file as it is, to be broken. */
  // biome-ignore lint/suspicious/noExplicitAny: tests break any member of it
  file: any;
  apply(): Promise<void>;
  doctor(): Promise<Diagnosis & { ok: boolean; code: number; text: string }>;
}

/** An installation in which everything is sound: stand-ins for all providers, and a name server with all records. */
async function soundWorld(t: TestContext): Promise<World> {
  const app = await startTestApp(t);
  const relay = await startLoginRelay(t, 'relay-password');
  const simulators = await Promise.all([
    startFcmSimulator(),
    startApnsSimulator(),
    startAdmSimulator(),
    startTwilioSimulator(),
    startWhatsAppSimulator(),
  ]);
  const [fcm, apns, adm, twilio, whatsApp] = simulators;
  t.after(() => Promise.all(simulators.map((one) => one.stop())));
  const [key] = apns.keys;
  const dns = await startDnsServer(t);
  const records: [string, object][] = [
    ['acme.test', { txt: ['unrelated', 'v=spf1 ip4:192.0.2.1 -all'] }],
    ['bounce.acme.test', { txt: ['v=spf1 include:_spf.relay.test -all'], mx: ['mx.acme.test'] }],
    ['_spf.relay.test', { txt: ['v=spf1 ip4:192.0.2.2 -all'] }],
    ['mx.acme.test', { a: ['192.0.2.3'] }],
    ['_dmarc.acme.test', { txt: ['v=DMARC1; p=quarantine'] }],
    ['c1._domainkey.acme.test', { txt: [`v=DKIM1; k=rsa; p=${publicText(dkim)}`] }],
  ];
  for (const [name, found] of records) dns.records.set(name, found);
  const file = {
    email: {
      default_from: 'Acme <hello@acme.test>',
      smtp: [{ name: 'main', url: relay.url('relay-password') }],
      dkim: [{ domain: 'acme.test', selector: 'c1', key: pem(dkim) }],
      return_path: 'bounce.acme.test',
    },
    apps: [
      {
        id: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
        name: 'Droid',
        platform: 'android',
        fcm: { service_account: JSON.stringify(fcm.serviceAccount), base_url: fcm.url, token_url: fcm.tokenUrl },
      },
      {
        id: 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb',
        name: 'Phone',
        platform: 'ios',
        apns: { key: key?.key, key_id: key?.keyId, team_id: key?.teamId, topic: 'com.acme.app', base_url: apns.url },
      },
      {
        id: 'cccccccc-cccc-4ccc-8ccc-cccccccccccc',
        name: 'Fire',
        platform: 'kindle',
        adm: { client_id: adm.clientId, client_secret: adm.clientSecret, base_url: adm.url, token_url: adm.tokenUrl },
      },
    ],
    subscription_groups: [
      {
        id: 'dddddddd-dddd-4ddd-8ddd-dddddddddddd',
        name: 'Texts',
        channel: 'sms',
        twilio: {
          account_sid: twilio.account.accountSid,
          auth_token: twilio.account.authToken,
          from: twilio.account.from,
          base_url: twilio.url,
        },
      },
      {
        id: 'eeeeeeee-eeee-4eee-8eee-eeeeeeeeeeee',
        name: 'Chats',
        channel: 'whatsapp',
        whatsapp_cloud: {
          phone_number_id: whatsApp.account.phoneNumberId,
          access_token: whatsApp.account.accessToken,
          base_url: whatsApp.url,
        },
      },
    ],
  };
  const env = { DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret, CRESSET_PUBLIC_URL: app.url };
  const path = join(temporaryFolder(t), 'workspace.yaml');
  const world: World = {
    ...{ app, dns, relay, env, file },
    async apply() {
      writeFileSync(path, stringify(world.file));
      const { code, errors } = await commandLine({ DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret })(
        'apply',
        path,
      );
      assert.equal(code, 0, errors);
    },
    async doctor() {
      const { code, out, errors } = await commandLine(world.env)('doctor', '--json', '--dns', dns.address);
      assert.equal(errors, '');
      const text = await commandLine(world.env)('doctor', '--dns', dns.address);
      assert.equal(text.code, code);
      return { ...JSON.parse(out), code, text: text.out };
    },
  };
  await world.apply();
  return world;
}

/** The URL of a server that gives every request the same answer. */
async function answering(t: TestContext, status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => new Promise((closed) => server.close(closed)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** How a sound installation is broken, and what the doctor must say of it: area, subject, problem, how it is known, mend. */
const breakages: [
  name: string,
  breaking: (world: World, t: TestContext) => unknown,
  expected: [string, RegExp, RegExp, RegExp, RegExp],
][] = [
  [
    'the relay has another password',
    ({ relay }) => relay.setPassword('new'),
    [
      'accounts',
      /^relay main$/,
      /refuses our login/,
      /a login at smtp:\/\/127\.0\.0\.1:\d+ as \w+: .*535/,
      /Correct user and password/,
    ],
  ],
  [
    'the relay wants a login',
    async (world) => {
      world.file.email.smtp = [{ name: 'main', url: world.relay.url(null) }];
      await world.apply();
    },
    [
      'accounts',
      /^relay main$/,
      /wants a login, and email\.smtp names none/,
      /MAIL FROM at smtp:\/\/127\.0\.0\.1:\d+, without a login: .*530/,
      /smtp:\/\/user:password@host:587, percent-encoded/,
    ],
  ],
  [
    'the relay is gone',
    ({ relay }) => relay.close(),
    ['accounts', /^relay main$/, /does not answer/, /ECONNREFUSED/, /587 or 465/],
  ],
  [
    'the service account of FCM has another key',
    async (world) => {
      const [droid] = world.file.apps;
      droid.fcm.service_account = JSON.stringify({
        ...JSON.parse(droid.fcm.service_account),
        private_key: pem(newKey()),
      });
      await world.apply();
    },
    [
      'accounts',
      /^app Droid$/,
      /Google gives no token/,
      /for simulated@.*: 400 Invalid JWT Signature/,
      /Make a new key/,
    ],
  ],
  [
    'the bundle id is that of another team',
    async (world) => {
      world.file.apps[1].apns.topic = 'com.other.app';
      await world.apply();
    },
    ['accounts', /^app Phone$/, /Apple does not accept/, /cannot exist.*: 400 \w*Topic\w*/, /topic \(the bundle id\)/],
  ],
  [
    'the client secret of ADM is wrong',
    async (world) => {
      world.file.apps[2].adm.client_secret = 'f'.repeat(64);
      await world.apply();
    },
    ['accounts', /^app Fire$/, /Amazon gives no token/, /: 401 Client authentication failed$/, /adm\.client_secret/],
  ],
  [
    'the token of Twilio is wrong',
    async (world) => {
      world.file.subscription_groups[0].twilio.auth_token = 'f'.repeat(32);
      await world.apply();
    },
    [
      'accounts',
      /^subscription group Texts$/,
      /Twilio does not accept/,
      /Messages\.json: 401 Authenticate$/,
      /auth_token/,
    ],
  ],
  [
    'the token of WhatsApp has expired',
    async (world) => {
      world.file.subscription_groups[1].whatsapp_cloud.access_token = 'expired';
      await world.apply();
    },
    ['accounts', /^subscription group Chats$/, /Meta does not accept/, /: 190 Invalid OAuth/, /system user/],
  ],
  [
    'the service account of FCM is for another project',
    async (world) => {
      const [droid] = world.file.apps;
      droid.fcm.service_account = JSON.stringify({ ...JSON.parse(droid.fcm.service_account), project_id: 'other' });
      await world.apply();
    },
    [
      'accounts',
      /^app Droid$/,
      /Google does not let its service account send/,
      /only validated, at .*\/projects\/other\/messages:send: 403 /,
      /enable the Firebase Cloud Messaging API/,
    ],
  ],
  [
    "Google's tokens cannot be reached",
    async (world) => {
      world.file.apps[0].fcm.token_url = 'http://127.0.0.1:1/token';
      await world.apply();
    },
    ['accounts', /^app Droid$/, /Google cannot be reached/, /127\.0\.0\.1:1\/token .*ECONNREFUSED/, /Let this machine/],
  ],
  [
    'Apple cannot be reached',
    async (world) => {
      world.file.apps[1].apns.base_url = 'http://127.0.0.1:1';
      await world.apply();
    },
    ['accounts', /^app Phone$/, /Apple cannot be reached/, /cannot exist.*ECONNREFUSED/, /by HTTP\/2/],
  ],
  [
    'Twilio is in trouble itself',
    async (world, t) => {
      world.file.subscription_groups[0].twilio.base_url = await answering(t, 503, 'Try later');
      await world.apply();
    },
    [
      'accounts',
      /^subscription group Texts$/,
      /Twilio does not answer as usual/,
      /Messages\.json: 503 Try later$/,
      /Ask again later/,
    ],
  ],
  [
    'Meta has too many calls of ours',
    async (world, t) => {
      const limited = JSON.stringify({ error: { code: 4, message: 'Application request limit reached' } });
      world.file.subscription_groups[1].whatsapp_cloud.base_url = await answering(t, 400, limited);
      await world.apply();
    },
    [
      'accounts',
      /^subscription group Chats$/,
      /Meta does not answer as usual/,
      /: 4 Application request limit/,
      /Ask again later/,
    ],
  ],
  [
    'another DKIM key is published',
    ({ dns }) => dns.records.set('c1._domainkey.acme.test', { txt: [`v=DKIM1; p=${publicText(newKey())}`] }),
    [
      'dns',
      /^acme\.test$/,
      /is not the one that we sign with/,
      /c1\._domainkey\.acme\.test differs/,
      new RegExp(`p=${RegExp.escape(publicText(dkim))}$`),
    ],
  ],
  [
    'no DKIM key is published',
    ({ dns }) => dns.records.delete('c1._domainkey.acme.test'),
    ['dns', /^acme\.test$/, /is not published/, /no TXT record with p= at c1\._domainkey/, /Publish this TXT record/],
  ],
  [
    'there is no SPF record',
    ({ dns }) => dns.records.set('bounce.acme.test', { mx: ['mx.acme.test'] }),
    ['dns', /^bounce\.acme\.test$/, /has no SPF record/, /no TXT record v=spf1 at bounce/, /v=spf1 include/],
  ],
  [
    'the SPF record includes itself into more than ten lookups',
    ({ dns }) => {
      const includes = Array.from({ length: 11 }, (_, at) => `include:s${at}.relay.test`).join(' ');
      dns.records.set('_spf.relay.test', { txt: [`v=spf1 ${includes} -all`] });
    },
    ['dns', /^bounce\.acme\.test$/, /more than 10 lookups/, /12 with what it includes/, /Take out/],
  ],
  [
    'there is no DMARC policy',
    ({ dns }) => dns.records.delete('_dmarc.acme.test'),
    ['dns', /^acme\.test$/, /no DMARC policy/, /_dmarc\.acme\.test/, /v=DMARC1; p=none/],
  ],
  [
    'nobody takes bounces',
    ({ dns }) => dns.records.set('bounce.acme.test', { txt: ['v=spf1 -all'] }),
    ['dns', /^bounce\.acme\.test$/, /bounces get lost/, /no MX record/, /CRESSET_SMTP_PORT/],
  ],
  [
    'the server of bounces has no address',
    ({ dns }) => dns.records.delete('mx.acme.test'),
    ['dns', /^bounce\.acme\.test$/, /have no address/, /MX mx\.acme\.test: no A or AAAA/, /Publish an MX/],
  ],
  [
    'nothing is aligned with the sender',
    async (world) => {
      world.file.email.dkim = [];
      world.file.email.return_path = 'relay.test';
      world.dns.records.set('relay.test', { txt: ['v=spf1 -all'], mx: ['mx.acme.test'] });
      await world.apply();
    },
    [
      'dns',
      /^acme\.test$/,
      /nothing in its mails is aligned/,
      /return_path is relay\.test/,
      /Add a key for acme\.test/,
    ],
  ],
  [
    'the public URL leads to somebody else',
    async (world, t) => {
      world.env.CRESSET_PUBLIC_URL = await answering(t, 200, '<html>It works!</html>');
    },
    [
      'public_url',
      /^http:\/\/127/,
      /something else answers there/,
      /\/health: 200, without/,
      /Correct CRESSET_PUBLIC_URL/,
    ],
  ],
  [
    'nobody is at the public URL',
    (world) => {
      world.env.CRESSET_PUBLIC_URL = 'http://127.0.0.1:1';
    },
    ['public_url', /:1$/, /nobody reaches it/, /ECONNREFUSED|bad port/, /Start the server/],
  ],
  [
    'the public URL is unset although mails go out',
    (world) => {
      delete world.env.CRESSET_PUBLIC_URL;
    },
    ['public_url', /^$/, /lead to an address of this machine/, /CRESSET_PUBLIC_URL is unset/, /Set CRESSET_PUBLIC_URL/],
  ],
  [
    'the database is made read-only',
    async ({ app }) => {
      const { name } = await app.db.one<{ name: string }>(sql`select current_database() as name`);
      await app.db.run(raw(`alter database ${name} set default_transaction_read_only = on`));
    },
    ['database', /^$/, /takes no writes/, /default_transaction_read_only is on/, /reset default_transaction_read_only/],
  ],
];

function fits(
  finding: Diagnosis['findings'][number],
  [area, subject, problem, known, mend]: (typeof breakages)[number][2],
) {
  assert.equal(finding.area, area);
  assert.match(finding.subject ?? '', subject);
  assert.match(finding.problem, problem);
  assert.match(finding.known, known);
  assert.match(finding.mend, mend);
}

test('a sound installation is quiet', async (t) => {
  const world = await soundWorld(t);
  const { ok, code, findings, looked, left, text } = await world.doctor();
  assert.deepEqual([ok, code, findings, left], [true, 0, [], []]);
  assert.deepEqual(looked, ['database', 'clock', 'work', 'secret', 'accounts', 'dns', 'public_url']);
  assert.equal(text, 'Nothing is wrong. Looked at: database, clock, work, secret, accounts, dns, public_url.');
});

for (const [name, breaking, expected] of breakages) {
  test(`the doctor names the fault and its mend: ${name}`, async (t) => {
    const world = await soundWorld(t);
    await breaking(world, t);
    const { code, findings, text } = await world.doctor();
    assert.equal(code, 1, text);
    assert.equal(findings.length, 1, text);
    const [finding] = findings;
    assert.ok(finding !== undefined);
    fits(finding, expected);
    for (const said of [finding.problem, finding.known, finding.mend]) assert.ok(text.includes(said), text);
    for (const hidden of ['relay-password', world.app.secret])
      assert.equal(JSON.stringify(findings).includes(hidden), false);
  });
}

test('with another secret, the accounts are not looked at, and it says so', async (t) => {
  const world = await soundWorld(t);
  world.env.CRESSET_SECRET = 'another secret than that of the servers';
  const { code, findings, left, text } = await world.doctor();
  assert.equal(code, 1);
  assert.deepEqual(
    findings.map(({ area, problem }) => [area, problem]),
    [['secret', 'the stored credentials cannot be opened']],
  );
  assert.deepEqual(left, ['accounts', 'dns', 'public_url']);
  assert.match(text, /Not looked at, because of that: accounts, dns, public_url\./);
});

test('a database that is empty, gone or of another version is named, and nothing is made of it', async (t) => {
  const url = await emptyDatabase(t);
  const empty = await commandLine({ DATABASE_URL: url })('doctor', '--json');
  assert.equal(empty.code, 1);
  assert.match(JSON.parse(empty.out).findings[0].problem, /holds nothing of Cresset/);
  const gone = await commandLine({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })('doctor', '--json');
  assert.equal(gone.code, 1);
  assert.match(JSON.parse(gone.out).findings[0].known, /ECONNREFUSED/);
  const nowhere = await commandLine({ CRESSET_DATA_DIR: temporaryFolder(t) })('doctor', '--json');
  assert.equal(nowhere.code, 1);
  assert.match(JSON.parse(nowhere.out).findings[0].known, /There is no database in/);
  const app = await startTestApp(t);
  await app.db.run(sql`delete from schema_migrations where id = (select max(id) from schema_migrations)`);
  const env = { DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret };
  const old = await commandLine(env)('doctor', '--json');
  assert.match(JSON.parse(old.out).findings[0].problem, /schema is older than this version/);
  await app.db.run(sql`insert into schema_migrations (name, run_on) values ('9999_future', now())`);
  const newer = await commandLine(env)('doctor', '--json');
  assert.match(JSON.parse(newer.out).findings[0].known, /ran the migration 9999_future/);
});

test('what waits while no worker runs is a fault, and none once a worker runs', async (t) => {
  const app = await startTestApp(t, { worker: false, startsAt: new Date(Date.now() - 60_000) });
  const env = { DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret, CRESSET_PUBLIC_URL: app.url };
  const idle = await commandLine(env)('doctor', '--json');
  assert.equal(idle.code, 0, idle.out);
  await app.post('/users/track', { attributes: [{ external_id: 'ada' }] });
  const messages = { webhook: { url: 'https://example.com', request_method: 'POST' } };
  assert.equal((await app.post('/messages/send', { external_user_ids: ['ada'], messages })).status, 201);
  const { code, out } = await commandLine(env)('doctor', '--json');
  const [finding, ...others] = JSON.parse(out).findings;
  assert.deepEqual([code, others], [1, []]);
  fits(finding, [
    'work',
    /^$/,
    /^messages to named people wait, and no worker of the lane "named" runs$/,
    /; 1 task waits, the oldest for \d+ s$/,
    /Start a server with the role worker/,
  ]);
  await app.startAnotherWorker();
  await app.drain();
  const { out: working } = await commandLine(env)('doctor', '--json');
  assert.deepEqual(JSON.parse(working).findings, []);
});

test('a name server that does not answer is one fault of each name, and not the absence of records', async (t) => {
  const world = await soundWorld(t);
  world.dns.isBroken = true;
  const { code, findings } = await world.doctor();
  assert.equal(code, 1);
  assert.ok(findings.length > 0);
  for (const { problem } of findings) assert.equal(problem, 'no name server answers for it');
});

test('a wrong command line or environment is 2', async () => {
  assert.equal((await commandLine({})('doctor', '--dns', 'ns.acme.test')).code, 2);
  assert.equal((await commandLine({ PORT: 'x' })('doctor')).code, 2);
});
