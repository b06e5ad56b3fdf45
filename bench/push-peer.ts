// Sends without Cresset, in its own process: it has the people in memory, renders the same template for each, and posts with
// a loop over `node:http2` (`bare`), with our own sender (`sender`) or with the usual library for the protocol (`theirs`). It
// is told what to run and answers how fast it was.

import type { ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import apn from '@parse/node-apn';
import { initializeApp } from 'firebase-admin/app';
import { getMessaging, type TokenMessage } from 'firebase-admin/messaging';
import webpush from 'web-push';
import { AccessTokens } from '../src/channels/android-push/access-tokens.ts';
import { type FcmApp, readFcmApp } from '../src/channels/android-push/fcm-app.ts';
import type { RenderedAndroidPush } from '../src/channels/android-push/render.ts';
import type { FcmSettings } from '../src/channels/android-push/settings.ts';
import type { RenderedApplePush } from '../src/channels/apple-push/render.ts';
import type { ApnsSettings } from '../src/channels/apple-push/settings.ts';
import { openPushSender, pushSenders } from '../src/channels/push/senders.ts';
import type { RenderedWebPush } from '../src/channels/web-push/render.ts';
import type { VapidSettings } from '../src/channels/web-push/settings.ts';
import { connect } from '../src/db/database.ts';
import { sql } from '../src/db/sql.ts';
import { prepare } from '../src/dispatch/plan/loaded-dispatch.ts';
import type { SendPlan } from '../src/dispatch/plan/send-plan.ts';
import { compileMessages } from '../src/dispatch/plan/templates.ts';
import { pushIdOf } from '../src/dispatch/push/push-id.ts';
import { systemClock } from '../src/lib/clock.ts';
import { Problems } from '../src/lib/raw/problems.ts';
import type { Recipient } from '../src/people/profile/facts.ts';
import type { PushProviderName } from '../src/simulate/all.ts';
import { signJwt } from '../src/simulate/jwt.ts';
import { appIds } from '../src/simulate/workspace-folder.ts';
import { secretFrom } from '../src/workspace/secrets.ts';
import { watchCatalog } from '../src/workspace/watch-catalog.ts';
import { openSession, post } from './bare-http2.ts';
import { loadPeople, protocols, SECRET } from './push-world.ts';

export interface PeerOrder {
  kind: 'bare' | 'sender' | 'theirs';
  /** The provider's latency, which decides how many connections a handwritten loop needs. */
  latencyMs: number;
}

export interface PeerRate {
  perSecond: number;
  cpuSecondsPer1000: number;
}

/** The plan of a request that has only messages. */
const emptyPlan: SendPlan = {
  version: 1,
  names: [],
  segmentId: null,
  audience: null,
  campaignId: null,
  sendId: null,
  obeysCaps: true,
  countsTowardCaps: true,
  requiredState: 'subscribed',
  delivery: 'at_least_once',
  messages: {},
};

const SENDER_WINDOW = 1_000;
const SEND_EACH = 500;
const NODE_APN_WINDOW = 1_000;
const WEB_PUSH_CONCURRENCY = 100;

type Run = (latencyMs: number) => Promise<void>;

const [provider, databaseUrl] = process.argv.slice(2) as [PushProviderName, string];
const { people, account, render } = await load();
const runs: Readonly<Record<PeerOrder['kind'], Run>> = {
  bare: bareRun(),
  sender: withOurSender,
  theirs: await theirRun(),
};

process.on('message', async ({ kind, latencyMs }: PeerOrder) => {
  process.send?.(await measure(() => runs[kind](latencyMs)));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function load() {
  const db = connect({ url: databaseUrl, max: 2 });
  const catalog = await watchCatalog(db, secretFrom(SECRET), (error) => {
    throw error;
  });
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  const workspace = catalog.current().workspace(workspaceId);
  if (workspace === undefined) throw new Error('there is no workspace');
  const found = await loadPeople(db, workspaceId);
  await catalog.stop();
  await db.close();
  const { channel, message } = protocols[provider];
  const messages = compileMessages({ [channel]: message }, new Problems());
  const now = new Date();
  const dispatch = prepare({ id: 'x', state: 'sending', accepted_at: now }, workspace, { plan: emptyPlan, messages });
  const prepared = dispatch.messages.get(channel);
  if (prepared === undefined) throw new Error('there is no message');
  const app = workspace.apps.get(appIds[provider]);
  if (app?.provider === undefined) throw new Error('there is no app with a provider');
  return {
    people: found,
    account: app.provider,
    render: ({ person }: Recipient): object => {
      const context = { now, person, dispatchId: 'x', campaign: null, variation: null, links: null };
      const facts = { now, timeZone: 'UTC', dispatchId: 'x', campaignId: null, unsubscribeUrl: null, provider: null };
      return prepared.channel.render(prepared.renderTexts(context), facts);
    },
  };
}

async function measure(run: () => Promise<void>): Promise<PeerRate> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const perSecond = people.length / ((performance.now() - start) / 1_000);
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond, cpuSecondsPer1000: (user + system) / 1_000 / people.length };
}

/** Sends to all people with `loops` concurrent loops. `senderOf` makes the function that one loop sends with. */
async function inParallel(loops: number, senderOf: () => (person: Recipient) => Promise<void>): Promise<void> {
  let next = 0;
  const loop = async () => {
    const send = senderOf();
    for (let person = people[next++]; person !== undefined; person = people[next++]) await send(person);
  };
  await Promise.all(Array.from({ length: loops }, loop));
}

function deviceOf({ pushTargets }: Recipient) {
  const [target] = pushTargets;
  if (target === undefined) throw new Error('a person has no device');
  return target;
}

/** Parses the template once, renders it for each person, and posts with the sender that the server uses. */
async function withOurSender(): Promise<void> {
  const sender = openPushSender(pushSenders, account, { clock: systemClock });
  if (sender === null) throw new Error('there is no sender');
  const { signal } = new AbortController();
  const acceptedAt = new Date();
  await inParallel(SENDER_WINDOW, () => async (recipient) => {
    const { appId, token, registeredAt, environment } = deviceOf(recipient);
    const { bucket, userId } = recipient;
    const { channel } = protocols[provider];
    const pushId = pushIdOf({ bucket, userId, dispatchId: 'x', channel }, appId, token);
    const push = { rendered: render(recipient) as never, token, registeredAt, environment, pushId, acceptedAt };
    const outcome = await sender.deliver(push, signal);
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
  });
  await sender.close();
}

/** For ADM and web push, a handwritten loop uses undici, as our sender does. */
function bareRun(): Run {
  if (account.kind === 'fcm') return bareFcm(account.settings);
  if (account.kind === 'apns') return bareApns(account.settings);
  return withOurSender;
}

/** FCM allows 100 streams a connection. With 20 ms of latency, one connection carries at most 5,000 messages/s. */
function bareFcm(given: FcmSettings): Run {
  const { account, path, origin } = readFcmApp(given);
  return async (latencyMs) => {
    const accessToken = await accessTokenOf(account);
    const headers = {
      ':method': 'POST',
      ':path': path,
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
    };
    await overSessions(origin, { sessions: latencyMs === 0 ? 1 : 8, streams: 100 }, (session, recipient) => {
      const { data, android } = (render(recipient) as RenderedAndroidPush).message;
      const message = { token: deviceOf(recipient).token, data, android };
      return post(session, headers, JSON.stringify({ message }), (body) => JSON.parse(body).name !== undefined);
    });
  };
}

/** One connection with 1,000 streams. */
function bareApns({ team_id: iss, key_id: kid, key, topic, base_url = '' }: ApnsSettings): Run {
  return async () => {
    const claims = { iss, iat: Math.floor(Date.now() / 1_000) };
    const authorization = `bearer ${signJwt({ alg: 'ES256', kid }, claims, key)}`;
    await overSessions(base_url, { sessions: 1, streams: 1_000 }, (session, recipient) => {
      const { payload, headers } = render(recipient) as RenderedApplePush;
      const path = `/3/device/${deviceOf(recipient).token}`;
      const all = { ':method': 'POST', ':path': path, authorization, 'apns-topic': topic, ...headers };
      return post(session, all, JSON.stringify(payload));
    });
  };
}

async function overSessions(
  origin: string,
  { sessions, streams }: { sessions: number; streams: number },
  send: (session: ClientHttp2Session, recipient: Recipient) => Promise<void>,
): Promise<void> {
  const open = await Promise.all(Array.from({ length: sessions }, () => openSession(origin)));
  let opened = 0;
  await inParallel(sessions * streams, () => {
    const session = open[opened++ % sessions] as ClientHttp2Session;
    return (recipient) => send(session, recipient);
  });
  for (const session of open) session.close();
}

async function accessTokenOf(account: FcmApp['account']): Promise<string> {
  const tokens = new AccessTokens(account, systemClock);
  const accessToken = await tokens.fetch();
  await tokens.close();
  if (typeof accessToken !== 'string') throw new Error(JSON.stringify(accessToken));
  return accessToken;
}

function theirRun(): Promise<Run> | Run {
  if (account.kind === 'fcm') return firebaseAdmin(account.settings);
  if (account.kind === 'apns') return nodeApn(account.settings);
  if (account.kind === 'vapid') return webPush(account.settings);
  return () => Promise.reject(new Error('nothing to compare with'));
}

/** Calls `sendEach` with 500 messages, one call after the other. */
async function firebaseAdmin(given: FcmSettings): Promise<Run> {
  const { account } = readFcmApp(given);
  const accessToken = await accessTokenOf(account);
  redirectFcm(given.base_url ?? '');
  const credential = { getAccessToken: () => Promise.resolve({ access_token: accessToken, expires_in: 3_600 }) };
  const { project_id: projectId } = JSON.parse(given.service_account) as { project_id: string };
  const messaging = getMessaging(initializeApp({ credential, projectId }));
  const messageTo = (recipient: Recipient): TokenMessage => {
    const { data, android } = (render(recipient) as RenderedAndroidPush).message;
    const ttl = Number.parseInt(android.ttl ?? '', 10) * 1_000;
    return { token: deviceOf(recipient).token, data, android: { priority: 'high', ttl } };
  };
  return async () => {
    for (let at = 0; at < people.length; at += SEND_EACH) {
      const { failureCount, responses } = await messaging.sendEach(people.slice(at, at + SEND_EACH).map(messageTo));
      if (failureCount > 0) throw responses.find(({ error }) => error !== undefined)?.error;
    }
  };
}

/** The library knows only one host. This redirects its connections to the simulator. */
function redirectFcm(url: string): void {
  const http2: { connect: typeof connectHttp2 } = createRequire(import.meta.url)('node:http2');
  const original = http2.connect;
  const redirected = (authority: string | URL, options: object) =>
    original(String(authority).startsWith('https://fcm.googleapis.com') ? url : authority, options);
  Object.assign(http2, { connect: redirected });
}

function nodeApn({ team_id: teamId, key_id: keyId, key, topic, base_url = '' }: ApnsSettings): Run {
  const { hostname, port } = new URL(base_url);
  const client = new apn.Provider({
    token: { key, keyId, teamId },
    production: true,
    address: hostname,
    port: Number(port),
  });
  return () =>
    inParallel(NODE_APN_WINDOW, () => async (recipient) => {
      const { payload, headers } = render(recipient) as RenderedApplePush;
      const notification = new apn.Notification();
      notification.rawPayload = payload;
      notification.topic = topic;
      notification.pushType = 'alert';
      notification.priority = 10;
      notification.expiry = Number(headers['apns-expiration']);
      const { failed } = await client.send(notification, deviceOf(recipient).token);
      if (failed.length > 0) throw new Error(JSON.stringify(failed));
    });
}

function webPush({ subject, public_key: publicKey, private_key: privateKey }: VapidSettings): Run {
  const agent = new Agent({ keepAlive: true, maxSockets: WEB_PUSH_CONCURRENCY });
  const vapidDetails = { subject, publicKey, privateKey };
  return () =>
    inParallel(WEB_PUSH_CONCURRENCY, () => async (recipient) => {
      const subscription = JSON.parse(deviceOf(recipient).token) as webpush.PushSubscription;
      const { payload, headers } = render(recipient) as RenderedWebPush;
      const TTL = Number(headers.TTL);
      await webpush.sendNotification(subscription, JSON.stringify(payload), { vapidDetails, TTL, agent });
    });
}
