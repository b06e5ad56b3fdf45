// The webhooks of mail services: each event has its effect once, and each manipulation has none.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import {
  CERTIFICATE_URL,
  mailgun,
  postmark,
  resend,
  sendGrid,
  settings,
  snsCertificate,
  snsMessage,
  TOPIC,
  type Webhook,
} from './support/mail-events.ts';
import { startMailWorld } from './support/mail-world.ts';

type Service = keyof typeof settings;

async function start(t: TestContext) {
  const asked: string[] = [];
  const warnings: unknown[] = [];
  const world = await startMailWorld(t, {
    email: { events: settings },
    app: {
      getText: async (url) => {
        asked.push(url);
        return url === CERTIFICATE_URL ? snsCertificate : 'confirmed';
      },
      onLog: (line) => warnings.push(line.reason),
    },
  });
  const post = async (service: Service, { headers, body }: Webhook) => {
    const { status } = await world.app.post(`/callbacks/email/${service}/${world.app.workspaceId}`, body, {
      key: null,
      headers,
    });
    await world.app.drain();
    return status;
  };
  return { ...world, post, asked, warnings, now: () => world.app.clock.now() };
}

type World = Awaited<ReturnType<typeof start>>;
const seconds = ({ now }: World) => Math.floor(now().getTime() / 1_000);
const mailOf = (reference: string, changes: object = {}) => ({
  timestamp: '2026-03-15T11:59:00.000Z',
  source: 'hello@acme.test',
  messageId: '0102018e-invented-000000',
  destination: ['ada@example.test', 'bob@example.test'],
  headers: [
    { name: 'From', value: 'hello@acme.test' },
    { name: 'X-Cresset-Ref', value: reference },
  ],
  tags: { 'ses:configuration-set': ['main'] },
  ...changes,
});
const bounce = (reference: string, changes: object = {}) => ({
  eventType: 'Bounce',
  bounce: {
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [
      {
        emailAddress: 'ada@example.test',
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      },
    ],
    timestamp: '2026-03-15T12:00:00.000Z',
    feedbackId: '0102018e-feedback',
    ...changes,
  },
  mail: mailOf(reference),
});

/** One event of each meaning. `events`: what is kept of it. `dead`, `complains`: what is known of ada afterwards. */
interface Sample {
  what: string;
  service: Service;
  make(reference: string, world: World): Webhook;
  events: string[];
  dead?: true;
  isMailed?: false;
}

const grid = (reference: string, world: World, more: object) =>
  sendGrid(
    [
      {
        email: 'Ada@example.test',
        timestamp: seconds(world),
        'smtp-id': '<x@acme.test>',
        sg_event_id: 'e-1',
        sg_message_id: 'm-1',
        cresset_ref: reference,
        ...more,
      },
    ],
    world.now(),
  );
const gun = (reference: string, world: World, more: object) =>
  mailgun(
    {
      id: 'x',
      timestamp: seconds(world) + 0.5,
      recipient: 'ada@example.test',
      'user-variables': { cresset_ref: reference },
      message: { headers: { 'message-id': 'x@acme.test' } },
      ...more,
    },
    world.now(),
  );
const mark = (reference: string, more: object) =>
  postmark({
    MessageID: '00000000-0000-4000-8000-000000000001',
    ServerID: 1,
    MessageStream: 'outbound',
    Recipient: 'ada@example.test',
    Metadata: { 'cresset-ref': reference },
    ...more,
  });
const re = (reference: string, world: World, type: string, data: object = {}) =>
  resend(
    {
      type,
      created_at: world.now().toISOString(),
      data: {
        email_id: 'r-1',
        from: 'hello@acme.test',
        to: ['ada@example.test'],
        subject: 'Hi',
        headers: [{ name: 'X-Cresset-Ref', value: reference }],
        ...data,
      },
    },
    world.now(),
  );

const samples: Sample[] = [
  {
    what: 'delivered',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'delivered', response: '250 OK' }),
    events: ['delivered applied'],
  },
  {
    what: 'deferred',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'deferred', response: '400 later' }),
    events: ['deferred applied'],
  },
  {
    what: 'bounce',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'bounce', type: 'bounce', status: '5.1.1', reason: '550 no such user' }),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'bounce that is a block',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'bounce', type: 'blocked', reason: '550 5.7.1 policy' }),
    events: ['failed applied'],
  },
  {
    what: 'dropped',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'dropped', reason: 'Bounced Address' }),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'spamreport',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'spamreport' }),
    events: ['complained applied'],
    isMailed: false,
  },
  {
    what: 'unsubscribe',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'unsubscribe' }),
    events: ['opted_out applied'],
    isMailed: false,
  },
  {
    what: 'open',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'open', useragent: 'x', sg_machine_open: true }),
    events: ['opened applied'],
  },
  {
    what: 'click',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'click', url: 'https://acme.test/' }),
    events: ['clicked applied'],
  },
  {
    what: 'processed',
    service: 'sendgrid',
    make: (r, w) => grid(r, w, { event: 'processed' }),
    events: ['unknown no_effect'],
  },
  {
    what: 'delivered',
    service: 'mailgun',
    make: (r, w) => gun(r, w, { event: 'delivered', 'delivery-status': { code: 250 } }),
    events: ['delivered applied'],
  },
  {
    what: 'failed for good',
    service: 'mailgun',
    make: (r, w) =>
      gun(r, w, {
        event: 'failed',
        severity: 'permanent',
        reason: 'bounce',
        'delivery-status': { code: 550, 'enhanced-code': '5.1.1', message: 'no such user' },
      }),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'failed by a policy',
    service: 'mailgun',
    make: (r, w) =>
      gun(r, w, {
        event: 'failed',
        severity: 'permanent',
        reason: 'generic',
        'delivery-status': { code: 550, 'enhanced-code': '5.7.1' },
      }),
    events: ['failed applied'],
  },
  {
    what: 'failed for now',
    service: 'mailgun',
    make: (r, w) => gun(r, w, { event: 'failed', severity: 'temporary' }),
    events: ['deferred applied'],
  },
  {
    what: 'complained',
    service: 'mailgun',
    make: (r, w) => gun(r, w, { event: 'complained' }),
    events: ['complained applied'],
    isMailed: false,
  },
  {
    what: 'opened by a machine',
    service: 'mailgun',
    make: (r, w) => gun(r, w, { event: 'opened', 'client-info': { bot: 'apple' } }),
    events: ['opened applied'],
  },
  { what: 'stored', service: 'mailgun', make: (r, w) => gun(r, w, { event: 'stored' }), events: ['unknown no_effect'] },
  {
    what: 'Delivery',
    service: 'postmark',
    make: (r) => mark(r, { RecordType: 'Delivery', DeliveredAt: '2026-03-15T12:00:00Z' }),
    events: ['delivered applied'],
  },
  {
    what: 'HardBounce',
    service: 'postmark',
    make: (r) =>
      mark(r, {
        RecordType: 'Bounce',
        ID: 42,
        Type: 'HardBounce',
        TypeCode: 1,
        Email: 'ada@example.test',
        Recipient: undefined,
        BouncedAt: '2026-03-15T12:00:00Z',
        Details: 'unknown user',
      }),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'SoftBounce',
    service: 'postmark',
    make: (r) => mark(r, { RecordType: 'Bounce', ID: 43, Type: 'SoftBounce', BouncedAt: '2026-03-15T12:00:00Z' }),
    events: ['bounced applied'],
  },
  {
    what: 'AutoResponder',
    service: 'postmark',
    make: (r) => mark(r, { RecordType: 'Bounce', ID: 44, Type: 'AutoResponder', BouncedAt: '2026-03-15T12:00:00Z' }),
    events: ['unknown no_effect'],
  },
  {
    what: 'SpamComplaint',
    service: 'postmark',
    make: (r) => mark(r, { RecordType: 'SpamComplaint', ID: 45, BouncedAt: '2026-03-15T12:00:00Z' }),
    events: ['complained applied'],
    isMailed: false,
  },
  {
    what: 'SubscriptionChange that takes out',
    service: 'postmark',
    make: (r) =>
      mark(r, {
        RecordType: 'SubscriptionChange',
        SuppressSending: true,
        SuppressionReason: 'ManualSuppression',
        ChangedAt: '2026-03-15T12:00:00Z',
      }),
    events: ['opted_out applied'],
    isMailed: false,
  },
  {
    what: 'a record of another kind',
    service: 'postmark',
    make: (r) => mark(r, { RecordType: 'Inbound' }),
    events: ['unknown no_effect'],
  },
  { what: 'delivered', service: 'resend', make: (r, w) => re(r, w, 'email.delivered'), events: ['delivered applied'] },
  {
    what: 'a permanent bounce',
    service: 'resend',
    make: (r, w) =>
      re(r, w, 'email.bounced', { bounce: { type: 'Permanent', subType: 'General', message: 'no such user' } }),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'a full mailbox',
    service: 'resend',
    make: (r, w) =>
      re(r, w, 'email.bounced', { bounce: { type: 'Transient', subType: 'MailboxFull', message: 'full' } }),
    events: ['bounced applied'],
  },
  {
    what: 'complained',
    service: 'resend',
    make: (r, w) => re(r, w, 'email.complained'),
    events: ['complained applied'],
    isMailed: false,
  },
  { what: 'sent', service: 'resend', make: (r, w) => re(r, w, 'email.sent'), events: ['unknown no_effect'] },
  {
    what: 'Bounce of an event publication',
    service: 'ses',
    make: (r, w) => snsMessage(bounce(r), w.now()),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'Bounce of an identity, found by tag',
    service: 'ses',
    make: (r, w) =>
      snsMessage(
        {
          ...bounce(''),
          eventType: undefined,
          notificationType: 'Bounce',
          mail: mailOf('', { tags: { 'cresset-ref': [r] } }),
        },
        w.now(),
        { SignatureVersion: '1', Subject: 'Amazon SES' },
      ),
    events: ['bounced dead applied'],
    dead: true,
  },
  {
    what: 'Bounce for now',
    service: 'ses',
    make: (r, w) => snsMessage(bounce(r, { bounceType: 'Transient' }), w.now()),
    events: ['bounced applied'],
  },
  {
    what: 'Bounce of an address that the account suppresses',
    service: 'ses',
    make: (r, w) => snsMessage(bounce(r, { bounceSubType: 'OnAccountSuppressionList' }), w.now()),
    events: ['failed applied'],
  },
  {
    what: 'Complaint',
    service: 'ses',
    make: (r, w) =>
      snsMessage(
        {
          eventType: 'Complaint',
          complaint: { complainedRecipients: [{ emailAddress: 'ada@example.test' }], complaintFeedbackType: 'abuse' },
          mail: mailOf(r),
        },
        w.now(),
      ),
    events: ['complained applied'],
    isMailed: false,
  },
  {
    what: 'Complaint of an address that the account suppresses',
    service: 'ses',
    make: (r, w) =>
      snsMessage(
        {
          eventType: 'Complaint',
          complaint: {
            complainedRecipients: [{ emailAddress: 'ada@example.test' }],
            complaintSubType: 'OnAccountSuppressionList',
          },
          mail: mailOf(r),
        },
        w.now(),
      ),
    events: ['failed applied'],
  },
  {
    what: 'Delivery',
    service: 'ses',
    make: (r, w) =>
      snsMessage(
        {
          eventType: 'Delivery',
          delivery: { recipients: ['ada@example.test'], timestamp: '2026-03-15T12:00:00.000Z', smtpResponse: '250 ok' },
          mail: mailOf(r),
        },
        w.now(),
      ),
    events: ['delivered applied'],
  },
  {
    what: 'DeliveryDelay',
    service: 'ses',
    make: (r, w) =>
      snsMessage(
        {
          eventType: 'DeliveryDelay',
          deliveryDelay: {
            delayType: 'TransientCommunicationFailure',
            delayedRecipients: [{ emailAddress: 'ada@example.test', status: '4.4.1' }],
          },
          mail: mailOf(r),
        },
        w.now(),
      ),
    events: ['deferred applied'],
  },
  {
    what: 'Click',
    service: 'ses',
    make: (r, w) =>
      snsMessage(
        {
          eventType: 'Click',
          click: { link: 'https://acme.test/', timestamp: '2026-03-15T12:00:00.000Z' },
          mail: mailOf(r),
        },
        w.now(),
      ),
    events: ['clicked applied'],
  },
  {
    what: 'Send',
    service: 'ses',
    make: (r, w) => snsMessage({ eventType: 'Send', send: {}, mail: mailOf(r) }, w.now()),
    events: ['unknown no_effect'],
  },
];
for (const { what, service, make, events, dead = false, isMailed = !dead } of samples) {
  test(`${service}: ${what} is taken once, with its effect`, async (t) => {
    const world = await start(t);
    const { ada = '' } = await world.send('ada', 'bob');
    const webhook = make(ada, world);
    for (let times = 0; times < 3; times += 1) assert.equal(await world.post(service, webhook), 200);
    assert.deepEqual(await world.events(), events);
    assert.equal(await world.isDead('ada'), dead);
    assert.equal(await world.isMailed('ada'), isMailed);
    assert.deepEqual([await world.isDead('bob'), await world.isMailed('bob')], [false, true]);
  });
}

test('of a mail with several recipients, only those are suppressed that have bounced', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada', 'bob');
  const recipients = [{ emailAddress: 'bob@example.test', status: '5.1.1' }];
  await world.post('ses', snsMessage(bounce(ada, { bouncedRecipients: recipients }), world.now()));
  assert.deepEqual([await world.isDead('ada'), await world.isDead('bob')], [false, true]);
});

test('a delivery that comes after the bounce leaves the address dead', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada');
  await world.post('ses', snsMessage(bounce(ada), world.now()));
  const delivery = { eventType: 'Delivery', delivery: { recipients: ['ada@example.test'] }, mail: mailOf(ada) };
  assert.equal(await world.post('ses', snsMessage(delivery, world.now(), { MessageId: 'another' })), 200);
  assert.equal(await world.isDead('ada'), true);
});

test('an address that Postmark sends to again is mailed again, also without a message', async (t) => {
  const world = await start(t);
  const { ada = '' } = await world.send('ada');
  await world.post(
    'postmark',
    mark(ada, { RecordType: 'Bounce', ID: 1, Type: 'HardBounce', BouncedAt: '2026-03-15T12:00:00Z' }),
  );
  assert.equal(await world.isDead('ada'), true);
  world.app.clock.advance(60_000);
  const again = postmark({
    RecordType: 'SubscriptionChange',
    Recipient: 'ada@example.test',
    SuppressSending: false,
    MessageID: null,
    ChangedAt: world.now().toISOString(),
  });
  assert.equal(await world.post('postmark', again), 200);
  assert.equal(await world.isDead('ada'), false);
});

test('a subscription to a topic of ours is confirmed, and no other', async (t) => {
  const world = await start(t);
  const SubscribeURL = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=t`;
  const ask = (changes: Record<string, string>) =>
    world.post(
      'ses',
      snsMessage({}, world.now(), { Type: 'SubscriptionConfirmation', Token: 't', SubscribeURL, ...changes }),
    );
  assert.equal(await ask({ TopicArn: 'arn:aws:sns:eu-west-1:999999999999:x' }), 403);
  assert.equal(await ask({ SubscribeURL: 'https://attacker.example/confirm' }), 403);
  assert.deepEqual(world.asked, [CERTIFICATE_URL]);
  assert.equal(await ask({}), 200);
  assert.deepEqual(world.asked, [CERTIFICATE_URL, SubscribeURL]);
});

/** What somebody may do to a good webhook. Each is refused, and has no effect. */
const day = 86_400_000;
const common: [what: string, change: (webhook: Webhook) => Webhook][] = [
  ['no body', (one) => ({ ...one, body: '' })],
  ['a body that is cut off', (one) => ({ ...one, body: one.body.slice(0, -20) })],
  ['a body that is no JSON', (one) => ({ ...one, body: 'ada' })],
  ['JSON that is nested too deeply', (one) => ({ ...one, body: '['.repeat(5_000) })],
];
const withHeader = (name: string, value: string | undefined) => (one: Webhook) => {
  const headers = Object.fromEntries(Object.entries(one.headers).filter(([key]) => key !== name));
  return { ...one, headers: value === undefined ? headers : { ...headers, [name]: value } };
};
const inBody = (from: string | RegExp, to: string) => (one: Webhook) => {
  assert.match(one.body, typeof from === 'string' ? new RegExp(from) : from);
  return { ...one, body: one.body.replace(from, to) };
};
const G = 'x-twilio-email-event-webhook';
const manipulations: Record<
  Service,
  { good(reference: string, world: World, at?: Date): Webhook; changes: [string, (one: Webhook) => Webhook][] }
> = {
  sendgrid: {
    good: (r, w, at = w.now()) =>
      sendGrid(
        [
          {
            email: 'ada@example.test',
            timestamp: seconds(w),
            event: 'bounce',
            type: 'bounce',
            sg_event_id: 'e',
            cresset_ref: r,
          },
        ],
        at,
      ),
    changes: [
      ['another address', inBody('ada@', 'bob@')],
      ['without the line end', inBody(/\r\n$/, '')],
      ['no signature', withHeader(`${G}-signature`, undefined)],
      ['an empty signature', withHeader(`${G}-signature`, '')],
      ['a signature that is no base64', withHeader(`${G}-signature`, '!!!')],
      ['no timestamp', withHeader(`${G}-timestamp`, undefined)],
      ['another timestamp', withHeader(`${G}-timestamp`, '1')],
    ],
  },
  mailgun: {
    good: (r, w, at = w.now()) =>
      mailgun(
        {
          event: 'failed',
          severity: 'permanent',
          reason: 'suppress-bounce',
          timestamp: seconds(w),
          recipient: 'ada@example.test',
          'user-variables': { cresset_ref: r },
        },
        at,
      ),
    changes: [
      ['another token', inBody('aaaa', 'aaab')],
      ['another timestamp', inBody(/"timestamp":"\d/, '"timestamp":"9')],
      ['a short signature', inBody(/"signature":"[0-9a-f]{64}"/, '"signature":"00"')],
      ['a signature that is no text', inBody(/"signature":"[0-9a-f]{64}"/, '"signature":{"a":1}')],
      ['no signature', inBody(/"signature":"[0-9a-f]{64}"/, '"s":""')],
      ['no token', inBody(/"token":"a+"/, '"token":null')],
      ['nothing but the event', inBody(/"signature":\{/, '"other":{')],
    ],
  },
  resend: {
    good: (r, w, at = w.now()) =>
      resend(
        {
          type: 'email.bounced',
          created_at: w.now().toISOString(),
          data: {
            to: ['ada@example.test'],
            bounce: { type: 'Permanent' },
            headers: [{ name: 'X-Cresset-Ref', value: r }],
          },
        },
        at,
      ),
    changes: [
      ['another address', inBody('ada@', 'bob@')],
      ['another id', withHeader('svix-id', 'msg_2')],
      ['another timestamp', withHeader('svix-timestamp', '1')],
      ['no signature', withHeader('svix-signature', undefined)],
      [
        'a version that nobody knows',
        (one) => withHeader('svix-signature', (one.headers['svix-signature'] ?? '').replaceAll('v1,', 'v2,'))(one),
      ],
      ['only wrong signatures', withHeader('svix-signature', 'v1,AAAA v1,BBBB')],
      [
        'a signature without a version',
        (one) => withHeader('svix-signature', (one.headers['svix-signature'] ?? '').replace(/.*v1,/, ''))(one),
      ],
    ],
  },
  postmark: {
    good: (r) => mark(r, { RecordType: 'Bounce', ID: 9, Type: 'HardBounce', BouncedAt: '2026-03-15T12:00:00Z' }),
    changes: [
      ['no password', withHeader('authorization', undefined)],
      [
        'a wrong password',
        withHeader('authorization', `Basic ${Buffer.from('postmark:a-long-password-2').toString('base64')}`),
      ],
      [
        'a wrong user',
        withHeader('authorization', `Basic ${Buffer.from('Postmark:a-long-password-1').toString('base64')}`),
      ],
      ['an empty password', withHeader('authorization', `Basic ${Buffer.from('postmark:').toString('base64')}`)],
      ['a bearer', withHeader('authorization', 'Bearer a-long-password-1')],
      ['half of the header', withHeader('authorization', 'Basic')],
    ],
  },
  ses: {
    good: (r, w, at = w.now()) => snsMessage(bounce(r), at),
    changes: [
      ['another address', inBody('ada@example', 'bob@example')],
      [
        'a host that begins like that of SNS',
        inBody('sns.eu-west-1.amazonaws.com/', 'sns.eu-west-1.amazonaws.com.attacker.example/'),
      ],
      ['a host of another region', inBody('sns.eu-west-1.amazonaws', 'sns.us-east-1.amazonaws')],
      ['http', inBody('https://sns', 'http://sns')],
      ['a version that nobody knows', inBody('"SignatureVersion":"2"', '"SignatureVersion":"3"')],
      ['the older version', inBody('"SignatureVersion":"2"', '"SignatureVersion":"1"')],
      ['another topic', inBody('123456789012:mail-events', '999999999999:mail-events')],
      ['no signature', inBody(/"Signature":"[^"]+"/, '"Signature":""')],
      ['another type', inBody('"Type":"Notification"', '"Type":"UnsubscribeConfirmation"')],
      ['raw delivery', (one) => ({ ...one, body: String(JSON.parse(one.body).Message) })],
    ],
  },
};
for (const [service, { good, changes }] of Object.entries(manipulations) as [
  Service,
  (typeof manipulations)[Service],
][]) {
  test(`${service}: each of many manipulations is refused, without effect, and none is our fault`, async (t) => {
    const world = await start(t);
    const { ada = '' } = await world.send('ada');
    const all = [...common, ...changes];
    for (const [what, change] of all) {
      const status = await world.post(service, change(good(ada, world)));
      assert.ok(status >= 400 && status < 500, `${what}: ${status}`);
    }
    if (service !== 'postmark')
      for (const at of [new Date(world.now().getTime() - 30 * day), new Date(world.now().getTime() + 30 * day)])
        assert.ok((await world.post(service, good(ada, world, at))) >= 400, `at ${at.toISOString()}`);
    assert.ok(all.length + (service === 'postmark' ? 0 : 2) >= 10, `${all.length}`);
    assert.deepEqual(await world.events(), []);
    assert.ok(
      world.asked.every((url) => url === CERTIFICATE_URL),
      String(world.asked),
    );
    assert.equal(await world.post(service, good(ada, world)), 200, 'unchanged, it is taken');
    assert.equal(await world.isDead('ada'), true);
    if (service === 'ses') assert.ok(world.warnings.some((reason) => /raw message delivery/.test(String(reason))));
  });
}

test('a webhook of a service that is not set up, or of a workspace that is not there, is a 404', async (t) => {
  const world = await startMailWorld(t);
  for (const path of [
    `/callbacks/email/sendgrid/${world.app.workspaceId}`,
    '/callbacks/email/sendgrid/99',
    '/callbacks/email/ses/x',
  ])
    assert.equal((await world.app.post(path, '{}', { key: null })).status, 404, path);
  assert.equal((await world.app.post('/callbacks/email/other/1', '{}', { key: null })).status, 401);
});
