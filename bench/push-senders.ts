import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { fileURLToPath } from 'node:url';
import { loopbackCertificate } from '../rig/loopback-certificate.ts';
import { createFcmSender } from '../src/channels/android-push/deliver.ts';
import { createApnsSender } from '../src/channels/apple-push/deliver.ts';
import type { Push, PushSender } from '../src/channels/push/sender.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { ApnsKey } from '../src/simulate/apns/apns.ts';
import { apnsToken } from '../src/simulate/apns/apns-tokens.ts';
import { signJwt } from '../src/simulate/jwt.ts';
import { openSession, post } from './bare-http2.ts';
import { type Figure, median } from './figure.ts';

const ROUNDS = 5;
const MESSAGES = 20_000;
const STREAMS = 100;
/** Messages under way for our sender, which decides itself how many streams to use. */
const CALLERS = 1_000;
const never = new AbortController().signal;

interface Rate {
  perSecond: number;
  cpuMicros: number;
}

/** Measures our senders against a bare loop over one node:http2 session that posts the same to the same stand-ins over TLS. */
export async function benchPushSenders(): Promise<Figure[]> {
  const stand = await startStandIn();
  const figures = [...(await compare('FCM', stand, fcm)), ...(await compare('APNs', stand, apns))];
  stand.child.disconnect();
  return figures;
}

async function compare(name: string, stand: StandIn, pair: (stand: StandIn) => Promise<Pair>): Promise<Figure[]> {
  await stand.setLatency(0);
  const { ours, bare, close } = await pair(stand);
  const rates: { ours: Rate[]; bare: Rate[] } = { ours: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    rates.bare.push(await measure(bare, STREAMS));
    rates.ours.push(await measure(ours, CALLERS));
  }
  await stand.setLatency(20);
  await measure(ours, CALLERS); // opens the connections that it needs
  const late = await measure(ours, CALLERS);
  await close();
  const of = (list: Rate[], key: keyof Rate) => median(list.slice(1).map((rate) => rate[key]));
  const ratio = of(rates.ours, 'perSecond') / of(rates.bare, 'perSecond');
  const text = (list: Rate[]) =>
    `${Math.round(of(list, 'perSecond'))}/s, ${of(list, 'cpuMicros').toFixed(1)} µs of CPU each`;
  return [
    {
      what: `${name} sender, against a bare node:http2 loop that posts the same`,
      value: `${ratio.toFixed(2)} (${text(rates.ours)}; bare: ${text(rates.bare)})`,
      bar: '0.90',
      holds: ratio >= 0.9,
    },
    {
      what: `${name} sender, 20 ms of latency, ${CALLERS} under way`,
      value: `${Math.round(late.perSecond)}/s`,
      bar: '—',
      holds: true,
    },
  ];
}

/** Posts all messages, `atOnce` at a time. */
async function measure(post: (n: number) => Promise<void>, atOnce: number): Promise<Rate> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let next = 0;
  const loop = async () => {
    while (next < MESSAGES) await post(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: MESSAGES / seconds, cpuMicros: (user + system) / MESSAGES };
}

interface Pair {
  ours(n: number): Promise<void>;
  bare(n: number): Promise<void>;
  close(): Promise<void>;
}

const id = (n: number) => `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`;
const common = () => ({ registeredAt: new Date(), acceptedAt: new Date(), environment: 'production' as const });

async function fcm(stand: StandIn): Promise<Pair> {
  const settings = { service_account: JSON.stringify(stand.account), base_url: stand.fcmUrl };
  const sender = createFcmSender({ settings, clock: systemClock }, { ca: loopbackCertificate.cert });
  const dataOf = (n: number) => ({
    _ab: 'true',
    cid: '0d7c9a523b7e4c5e9a555f1f0f6f7a11',
    t: `Hello number ${n}`,
    a: 'The quick brown fox jumps over the lazy dog, and it is a long way down from there.',
    uri: `https://acme.example/offers/${n}`,
    ab_use_webview: 'false',
    ab_nc: 'news',
  });
  const android = { priority: 'HIGH', ttl: '2419200s' };
  const target = (n: number) => `${n}:APA91b${'x'.repeat(130)}`;
  const authorization = `Bearer ${await stand.accessToken()}`;
  const path = `/v1/projects/${stand.account.project_id}/messages:send`;
  const session = await open(stand.fcmUrl);
  const headers = { ':method': 'POST', ':path': path, authorization, 'content-type': 'application/json' };
  return {
    ours: (n) =>
      deliver(sender, {
        ...common(),
        rendered: { title: 'x', body: 'x', message: { data: dataOf(n), android } },
        token: target(n),
        pushId: id(n),
      }),
    bare: (n) => {
      const message = { token: target(n), data: { ...dataOf(n), mid: id(n) }, android };
      return post(session, headers, JSON.stringify({ message }), (body) => JSON.parse(body).name !== undefined);
    },
    close: () => closeBoth(sender, session),
  };
}

async function apns(stand: StandIn): Promise<Pair> {
  const { teamId, keyId, key } = stand.key;
  const settings = { team_id: teamId, key_id: keyId, key, topic: 'com.acme.app', base_url: stand.apnsUrl };
  const sender = createApnsSender({ settings, clock: systemClock }, { ca: loopbackCertificate.cert });
  const payloadOf = (n: number) => ({
    aps: {
      alert: { title: `Hello number ${n}`, body: 'The quick brown fox jumps over the lazy dog.' },
      sound: 'default',
    },
    ab: { c: '0d7c9a523b7e4c5e9a555f1f0f6f7a11' },
    ab_uri: `https://acme.example/offers/${n}`,
  });
  const expiration = String(Math.floor(Date.now() / 1_000) + 86_400);
  const own = { 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-expiration': expiration };
  const claims = { iss: teamId, iat: Math.floor(Date.now() / 1_000) };
  const authorization = `bearer ${signJwt({ alg: 'ES256', kid: keyId }, claims, key)}`;
  const session = await open(stand.apnsUrl);
  const headersOf = (n: number) => ({
    ':method': 'POST',
    ':path': `/3/device/${tokens[n]}`,
    authorization,
    'apns-topic': 'com.acme.app',
    'apns-id': id(n),
    ...own,
  });
  const tokens = Array.from({ length: MESSAGES }, (_, n) => apnsToken(n));
  const raised = once(session, 'remoteSettings');
  await post(session, headersOf(0), JSON.stringify(payloadOf(0)), () => true);
  await raised;
  return {
    ours: (n) =>
      deliver(sender, {
        ...common(),
        rendered: { title: 'x', body: 'x', headers: own, payload: payloadOf(n) },
        token: tokens[n] ?? '',
        pushId: id(n),
      }),
    bare: (n) => post(session, headersOf(n), JSON.stringify(payloadOf(n)), () => true),
    close: () => closeBoth(sender, session),
  };
}

async function deliver<Rendered extends object>(sender: PushSender<Rendered>, push: Push<Rendered>): Promise<void> {
  const outcome = await sender.deliver(push, never);
  if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
}

function open(url: string): Promise<ClientHttp2Session> {
  return openSession(url, { ca: loopbackCertificate.cert });
}

async function closeBoth(sender: { close(): Promise<void> }, session: ClientHttp2Session): Promise<void> {
  session.destroy();
  await sender.close();
}

export interface StandIn {
  child: ChildProcess;
  fcmUrl: string;
  account: { project_id: string; client_email: string; private_key: string; private_key_id: string; token_uri: string };
  apnsUrl: string;
  key: ApnsKey;
  setLatency(ms: number): Promise<void>;
  accessToken(): Promise<string>;
}

/** Starts the stand-ins in their own process, so that they take no time from the loops that are compared. */
export async function startStandIn(): Promise<StandIn> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./push-stand-in.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [announced] = (await once(child, 'message')) as [Pick<StandIn, 'fcmUrl' | 'account' | 'apnsUrl' | 'key'>];
  return {
    ...announced,
    child,
    async setLatency(ms) {
      child.send(ms);
      await once(child, 'message');
    },
    accessToken: () => fetchAccessToken(announced.account),
  };
}

async function fetchAccessToken(account: StandIn['account']): Promise<string> {
  const iat = Math.floor(Date.now() / 1_000);
  const scope = 'https://www.googleapis.com/auth/firebase.messaging';
  const claims = { iss: account.client_email, scope, aud: account.token_uri, iat, exp: iat + 3_600 };
  const assertion = signJwt({ alg: 'RS256', typ: 'JWT', kid: account.private_key_id }, claims, account.private_key);
  const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion });
  const { pathname } = new URL(account.token_uri);
  const session = await open(account.token_uri);
  const headers = { ':method': 'POST', ':path': pathname, 'content-type': 'application/x-www-form-urlencoded' };
  let token = '';
  await post(session, headers, form.toString(), (body) => {
    token = JSON.parse(body).access_token;
    return true;
  });
  session.destroy();
  return token;
}
