// Each route that providers call, with a callback as its provider makes it, and what others may make of it.

import { twilioSignature } from '../../src/channels/sms/callbacks/signature.ts';
import { signatureOf } from '../../src/channels/whats-app/callbacks/signature.ts';
import { mailgun, postmark, resend, sendGrid, snsMessage } from './mail-events.ts';
import { CHATS } from './nine/providers.ts';
import type { Nine } from './nine/world.ts';
import { TEXTS } from './nine/world.ts';
import { dsn } from './reports.ts';

export interface Call {
  path: string;
  headers: Record<string, string>;
  /** undefined: the call is a GET. */
  body?: string;
}

/** What a callback says: of the send to a person, and when. `failed`: for ever. */
export interface News {
  person: string;
  kind: 'delivered' | 'failed';
  at: Date;
}

export interface RouteCase {
  make(world: Sent, news: News): Call;
  /** What somebody without the secret can make of two good callbacks. Each is refused, or has no effect. */
  forged(good: Call, other: Call): Record<string, Call>;
  /** Whether it carries its time, so that an old one is refused. Otherwise an old one changes nothing. */
  isDated: boolean;
  /** Absent: the callback tells of a send. */
  about?: 'a person' | 'nothing';
}

/** The world with the references and ids by which the callbacks of each channel name the send to a person. */
export interface Sent {
  nine: Nine;
  /** The reference in the person's mail. */
  mailRef(person: string): string;
  textUrl(person: string): string;
  textSid(person: string): string;
  chat(person: string): { wamid: string; reference: string | null };
}

const seconds = (at: Date) => Math.floor(at.getTime() / 1_000);
const addressOf = (person: string) => `${person}@acme.test`;
const cut = (call: Call): Call => ({
  ...call,
  body: (call.body ?? '').slice(0, Math.floor((call.body ?? '').length / 2)),
});
const inBody = (call: Call, from: string | RegExp, to: string): Call => {
  const body = (call.body ?? '').replace(from, to);
  if (body === call.body) throw new Error(`the body has no ${from}`);
  return { ...call, body };
};

/** Of a callback whose signature is in its headers. */
function bySignature(good: Call, other: Call): Record<string, Call> {
  const type = good.headers['content-type'];
  return {
    'not signed': { ...good, headers: type === undefined ? {} : { 'content-type': type } },
    'signed for another': { ...good, headers: other.headers },
    altered: inBody(good, /delivered|undelivered|STOP/, 'read'),
    longer: { ...good, body: `${good.body}&x=1` },
    'cut off': cut(good),
    empty: { ...good, body: '' },
  };
}

function text({ nine }: Sent, path: string, fields: Record<string, string>): Call {
  const { relay, twilio } = nine.providers;
  const body = new URLSearchParams(fields).toString();
  return {
    path,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': twilioSignature(twilio.account.authToken, relay.url + path, body),
    },
    body,
  };
}

function textStatus(world: Sent, path: string, { person, kind }: News): Call {
  const [MessageStatus, ErrorCode] = kind === 'delivered' ? ['delivered'] : ['undelivered', '30005'];
  const { accountSid, from } = world.nine.providers.twilio.account;
  return text(world, path, {
    ...{
      MessageSid: world.textSid(person),
      AccountSid: accountSid,
      From: from,
      To: world.nine.targetOf('sms', person),
    },
    ...{ MessageStatus: MessageStatus ?? '', ...(ErrorCode !== undefined && { ErrorCode }) },
  });
}

function mailPath({ nine }: Sent, service: string): string {
  return `/callbacks/email/${service}/${nine.app.workspaceId}`;
}

/** By the method and path of the route. */
export const routeCases: Readonly<Record<string, RouteCase>> = {
  'POST /callbacks/sms/:group/status/:reference': {
    make: (world, news) => textStatus(world, new URL(world.textUrl(news.person)).pathname, news),
    forged: (good, other) => ({ ...bySignature(good, other), 'of another send': { ...good, path: other.path } }),
    isDated: false,
  },
  'POST /callbacks/sms/:group/status': {
    make: (world, news) => textStatus(world, `/callbacks/sms/${TEXTS}/status`, news),
    forged: bySignature,
    ...{ isDated: false, about: 'a person' },
  },
  'POST /callbacks/sms/:group/inbound': {
    make: (world, { person }) =>
      text(world, `/callbacks/sms/${TEXTS}/inbound`, {
        ...{ MessageSid: `SM${person}`, AccountSid: world.nine.providers.twilio.account.accountSid, Body: 'STOP' },
        ...{ From: world.nine.targetOf('sms', person), To: world.nine.providers.twilio.account.from },
      }),
    forged: bySignature,
    ...{ isDated: false, about: 'a person' },
  },
  'GET /callbacks/whats_app/:group': {
    make: ({ nine }) => {
      const token = encodeURIComponent(nine.providers.meta.account.verifyToken);
      const query = `hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=c`;
      return { path: `/callbacks/whats_app/${CHATS}?${query}`, headers: {} };
    },
    forged: (good) => ({
      'no token': { ...good, path: good.path.replace(/hub\.verify_token=[^&]*/, '') },
      'another token': { ...good, path: good.path.replace(/hub\.verify_token=[^&]*/, 'hub.verify_token=x') },
      'another mode': { ...good, path: good.path.replace('subscribe', 'unsubscribe') },
    }),
    ...{ isDated: false, about: 'nothing' },
  },
  'POST /callbacks/whats_app/:group': {
    make(world, { person, kind, at }) {
      const { account } = world.nine.providers.meta;
      const { wamid, reference } = world.chat(person);
      const status = {
        ...{ id: wamid, status: kind, timestamp: String(seconds(at)), biz_opaque_callback_data: reference },
        ...{ recipient_id: world.nine.targetOf('whats_app', person).slice(1) },
        ...(kind === 'failed' && { errors: [{ code: 131_026, title: 'Message undeliverable' }] }),
      };
      const metadata = { display_phone_number: account.displayNumber.slice(1), phone_number_id: account.phoneNumberId };
      const value = { messaging_product: 'whatsapp', metadata, statuses: [status] };
      const changes = [{ field: 'messages', value }];
      const body = JSON.stringify({
        object: 'whatsapp_business_account',
        entry: [{ id: account.businessAccountId, changes }],
      });
      const signature = signatureOf(Buffer.from(body), account.appSecret);
      return {
        path: `/callbacks/whats_app/${CHATS}`,
        headers: { 'content-type': 'application/json', 'x-hub-signature-256': signature },
        body,
      };
    },
    forged: bySignature,
    isDated: false,
  },
  'POST /callbacks/email/sendgrid/:workspace_id': {
    make: (world, { person, kind, at }) => ({
      path: mailPath(world, 'sendgrid'),
      ...sendGrid(
        [
          {
            ...{ email: addressOf(person), timestamp: seconds(at), sg_event_id: `${person} ${kind}` },
            ...{ cresset_ref: world.mailRef(person), event: kind === 'failed' ? 'bounce' : kind, status: '5.1.1' },
          },
        ],
        at,
      ),
    }),
    forged: bySignature,
    isDated: true,
  },
  'POST /callbacks/email/mailgun/:workspace_id': {
    make: (world, { person, kind, at }) => ({
      path: mailPath(world, 'mailgun'),
      ...mailgun(
        {
          ...{ event: kind, timestamp: seconds(at), recipient: addressOf(person), severity: 'permanent' },
          ...{ reason: 'suppress-bounce', 'user-variables': { cresset_ref: world.mailRef(person) } },
        },
        at,
        `${person}${kind}`.padEnd(50, 'a'),
      ),
    }),
    forged: (good) => ({
      'not signed': inBody(good, /"signature":"[0-9a-f]{64}"/, '"signature":""'),
      'signed by somebody else': inBody(good, /"signature":"[0-9a-f]{64}"/, `"signature":"${'0'.repeat(64)}"`),
      'with another token': inBody(good, /aaaa"/, 'aaab"'),
      'cut off': cut(good),
      empty: { ...good, body: '' },
    }),
    isDated: true,
  },
  'POST /callbacks/email/resend/:workspace_id': {
    make: (world, { person, kind, at }) => ({
      path: mailPath(world, 'resend'),
      ...resend(
        {
          ...{ type: kind === 'failed' ? 'email.bounced' : 'email.delivered', created_at: at.toISOString() },
          data: {
            ...{ to: [addressOf(person)], bounce: { type: 'Permanent' } },
            headers: [{ name: 'X-Cresset-Ref', value: world.mailRef(person) }],
          },
        },
        at,
        `msg_${person}_${kind}`,
      ),
    }),
    forged: bySignature,
    isDated: true,
  },
  'POST /callbacks/email/postmark/:workspace_id': {
    make: (world, { person, kind, at }) => ({
      path: mailPath(world, 'postmark'),
      ...postmark({
        ...{
          MessageID: `m-${person}`,
          Recipient: addressOf(person),
          Metadata: { 'cresset-ref': world.mailRef(person) },
        },
        ...(kind === 'delivered'
          ? { RecordType: 'Delivery', DeliveredAt: at.toISOString() }
          : { RecordType: 'Bounce', ID: 1, Type: 'HardBounce', Email: addressOf(person), BouncedAt: at.toISOString() }),
      }),
    }),
    forged: (good) => ({
      'without a password': { ...good, headers: {} },
      'with another password': { ...good, headers: { authorization: `Basic ${btoa('postmark:a-long-password-2')}` } },
      'cut off': cut(good),
      empty: { ...good, body: '' },
    }),
    isDated: false,
  },
  'POST /callbacks/email/ses/:workspace_id': {
    make: (world, { person, kind, at }) => {
      const mail = {
        ...{ timestamp: at.toISOString(), destination: [addressOf(person)] },
        ...{ headers: [{ name: 'X-Cresset-Ref', value: world.mailRef(person) }], tags: {} },
      };
      const content =
        kind === 'delivered'
          ? { eventType: 'Delivery', delivery: { recipients: [addressOf(person)], timestamp: at.toISOString() }, mail }
          : {
              ...{ eventType: 'Bounce', mail },
              bounce: {
                bounceType: 'Permanent',
                bouncedRecipients: [{ emailAddress: addressOf(person), status: '5.1.1' }],
              },
            };
      return {
        path: mailPath(world, 'ses'),
        ...snsMessage(content, at, { MessageId: `a1b2c3d4-${person}-${kind}` }),
      };
    },
    forged: (good) => ({
      'not signed': inBody(good, /"Signature":"[^"]+"/, '"Signature":""'),
      altered: inBody(good, '@acme.test', '@other.test'),
      'with another certificate': inBody(good, 'amazonaws.com/', 'amazonaws.com.attacker.example/'),
      'cut off': cut(good),
      empty: { ...good, body: '' },
    }),
    isDated: true,
  },
  'POST /callbacks/email/mime': {
    make: (world, { person, kind }) => ({
      path: `/callbacks/email/mime?recipient=bounce%2B${world.mailRef(person)}%40bounces.acme.test`,
      headers: { 'content-type': 'message/rfc822' },
      body: dsn({
        recipient: addressOf(person),
        ...(kind === 'delivered' && { action: 'delivered', status: '2.1.5', diagnostic: '250 ok' }),
      }),
    }),
    forged: (good) => ({
      'with an altered reference': {
        ...good,
        path: good.path.replace(/.%40/, (end) => (end[0] === 'a' ? 'b%40' : 'a%40')),
      },
      'without a reference': { ...good, path: '/callbacks/email/mime' },
      'cut off': {
        ...good,
        body: good.body?.slice(0, good.body.indexOf('Content-Type: message/delivery-status')) ?? '',
      },
      empty: { ...good, body: '' },
    }),
    isDated: false,
  },
};
