// A workspace with all nine channels, people who have every kind of address, and one dispatch to all of them.
import assert from 'node:assert/strict';
import { sql } from '../../../src/db/sql.ts';
import { apnsToken } from '../../../src/simulate/apns/apns-tokens.ts';
import type { TestApp } from '../app.ts';
import { settings as mailEvents } from '../mail-events.ts';
import { CHATS, type NineProviders, type ProviderChannel, startProviders } from './providers.ts';

export const CAMPAIGN = 'everywhere';
export const CARD_KEY = 'a secret of at least 32 characters, of ours';
export const WEB = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a14';
const [IOS, ANDROID, FIRE] = ['11', '12', '13'].map((end) => `0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a${end}`);
export const TEXTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a15';
export const EVERYBODY = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const MOST_IN_REQUEST = 75;
const UNLIMITED = 60_000_000;

/** Channels by the names that campaigns have for them. */
export const variationChannels = {
  ...{ android_push: 'android_push', apple_push: 'ios_push', kindle_push: 'kindle_push', web_push: 'web_push' },
  ...{ email: 'email', sms: 'sms', whats_app: 'whats_app', webhook: 'webhook', content_card: 'content_cards' },
} as const;
export type Channel = keyof typeof variationChannels;
export const nineChannels = Object.keys(variationChannels) as Channel[];

export interface Nine {
  app: TestApp;
  providers: NineProviders;
  /** The target by which a provider knows a person: a token, a number, an address. */
  targetOf(channel: ProviderChannel, person: string): string;
  /** Sends one message of each channel to everybody, and lets time pass until nothing is left to do. */
  sendToAll(delivery: 'at_least_once' | 'at_most_once'): Promise<string>;
}

export interface NineOptions {
  people: number;
  seed: number;
  /** Share of messages that get each kind of fault, in percent. */
  faultPercent: number;
  /** Share of callbacks that the server also gets at once, 0 to 1. It gets all of them when the relay delivers. */
  atOnce: number;
}

export async function startNine(app: TestApp, { people, ...options }: NineOptions): Promise<Nine> {
  const providers = await startProviders(app, options);
  await app.givenWorkspace(JSON.stringify(workspaceOf(providers)));
  const names = Array.from({ length: people }, (_, at) => `p${at}`);
  for (let at = 0; at < people; at += MOST_IN_REQUEST) {
    const attributes = names.slice(at, at + MOST_IN_REQUEST).map((name) => personOf(providers, name));
    const { status, body } = await app.post('/users/track', { attributes });
    assert.deepEqual([status, body.errors], [201, undefined]);
  }
  return {
    app,
    providers,
    targetOf: (channel, person) => targets[channel](person),
    async sendToAll(delivery) {
      const { status, body } = await app.post('/messages/send', {
        ...{ broadcast: true, segment_id: EVERYBODY, campaign_id: CAMPAIGN, messages: messagesOf(providers) },
        cresset: { delivery },
      });
      assert.equal(status, 201, JSON.stringify(body));
      await settle(app, body.dispatch_id);
      return body.dispatch_id;
    },
  };
}

const numberOf = (person: string) => `+1415${5_550_000 + Number(person.slice(1))}`;

const targets: Readonly<Record<ProviderChannel, (person: string) => string>> = {
  android_push: (person) => `phone-${person}`,
  apple_push: (person) => apnsToken(person),
  kindle_push: (person) => `tablet-${person}`,
  web_push: (person) => `browser-${person}`,
  sms: numberOf,
  whats_app: numberOf,
  webhook: (person) => person,
  email: (person) => `${person}@acme.test`,
};

function personOf({ webPush }: NineProviders, name: string): object {
  const tokens = [
    [IOS, targets.apple_push(name)],
    [ANDROID, targets.android_push(name)],
    [FIRE, targets.kindle_push(name)],
    [WEB, JSON.stringify(webPush.subscription(targets.web_push(name)))],
  ];
  return {
    ...{ external_id: name, email: targets.email(name), phone: numberOf(name), push_subscribe: 'opted_in' },
    push_tokens: tokens.map(([app_id, token]) => ({ app_id, token })),
    subscription_groups: [TEXTS, CHATS].map((id) => ({
      subscription_group_id: id,
      subscription_state: 'subscribed',
    })),
  };
}

function workspaceOf({ fcm, apns, adm, webPush, twilio, meta, hooks, mail, relay }: NineProviders): object {
  const [key] = apns.keys;
  const { accountSid: account_sid, authToken: auth_token, from } = twilio.account;
  const { phoneNumberId: phone_number_id, accessToken: access_token, appSecret, verifyToken } = meta.account;
  const limit = { calls_per_minute: UNLIMITED };
  return {
    apps: [
      {
        ...{ id: IOS, name: 'iOS', platform: 'ios' },
        apns: { team_id: key?.teamId, key_id: key?.keyId, key: key?.key, topic: apns.topics[0], base_url: apns.url },
      },
      {
        ...{ id: ANDROID, name: 'Android', platform: 'android' },
        fcm: {
          service_account: JSON.stringify(fcm.serviceAccount),
          base_url: fcm.url,
          token_url: fcm.tokenUrl,
          ...limit,
        },
      },
      {
        ...{ id: FIRE, name: 'Fire', platform: 'kindle' },
        adm: { client_id: adm.clientId, client_secret: adm.clientSecret, base_url: adm.url, token_url: adm.tokenUrl },
      },
      {
        ...{ id: WEB, name: 'Web', platform: 'web', content_cards: { keys: [{ algorithm: 'HS256', key: CARD_KEY }] } },
        vapid: {
          ...{ subject: 'mailto:ops@acme.test', allow_hosts: [new URL(webPush.url).host] },
          ...{ public_key: webPush.vapid.publicKey, private_key: webPush.vapid.privateKey },
        },
      },
    ],
    email: {
      default_from: 'Acme <hello@acme.test>',
      smtp: { url: mail.url },
      return_path: 'bounces.acme.test',
      list_unsubscribe: true,
      events: mailEvents,
    },
    webhook: { deliver: true, allow: [new URL(hooks.url).host] },
    subscription_groups: [
      {
        ...{ id: TEXTS, name: 'Texts', channel: 'sms' },
        twilio: {
          ...{ account_sid, auth_token, from, base_url: twilio.url, ...limit },
          callback_url: `${relay.url}/callbacks/sms/${TEXTS}`,
        },
      },
      {
        ...{ id: CHATS, name: 'Chats', channel: 'whatsapp' },
        whatsapp_cloud: {
          ...{ phone_number_id, access_token, app_secret: appSecret, verify_token: verifyToken },
          ...{ base_url: meta.url, ...limit },
        },
      },
    ],
    segments: [{ id: EVERYBODY, name: 'Everybody', filter: null }],
    campaigns: [
      {
        ...{ id: CAMPAIGN, name: 'Everywhere', kind: 'api' },
        variations: nineChannels.map((channel) => ({
          id: channel,
          name: channel,
          channel: variationChannels[channel],
        })),
      },
    ],
  };
}

/** A message of each channel, of the campaign. */
export function messagesOf({ hooks }: NineProviders): Record<Channel, object> {
  const [title, alert] = ['Hello', 'Hi {{${user_id}}}'];
  const template = { template_name: 'hello', template_language_code: 'en_US', body_variables: ['{{${user_id}}}'] };
  const messages: Record<Channel, object> = {
    android_push: { title, alert },
    apple_push: { alert: { title, body: alert } },
    kindle_push: { title, alert },
    web_push: { title, alert },
    email: { app_id: WEB, subject: title, body: `<p>${alert}</p>` },
    sms: { app_id: WEB, subscription_group_id: TEXTS, body: alert },
    whats_app: { app_id: WEB, subscription_group_id: CHATS, message_type: 'template_message', message: template },
    webhook: { url: `${hooks.url}/{{\${user_id}}}`, request_method: 'POST', body: alert },
    content_card: { type: 'CLASSIC', title, description: alert, time_to_live: 604_800 },
  };
  const named = Object.entries(messages).map(([channel, message]) => [
    channel,
    { ...message, message_variation_id: channel },
  ]);
  return Object.fromEntries(named) as Record<Channel, object>;
}

const MOST_TURNS = 20_000;
/** As long as an account rests after it was told to slow down: then each turn has work for every channel. */
const LEAST_STEP_MS = 60_000;

/** Moves the clock from one due time to the next until the dispatch has finished. */
async function settle(app: TestApp, id: string): Promise<void> {
  for (let turns = 0; turns < MOST_TURNS; turns += 1) {
    await app.drain();
    const { state, due } = await app.db.one<{ state: string; due: Date | null }>(sql`
      select state, (select min(run_at) from tasks where leased_until is null) as due from dispatches where id = ${id}`);
    if (state === 'finished') return;
    app.clock.advance(Math.max(LEAST_STEP_MS, (due?.getTime() ?? 0) - app.clock.now().getTime()));
  }
  assert.fail('the dispatch does not finish');
}
