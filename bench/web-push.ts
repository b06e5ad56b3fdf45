import { type ChildProcess, spawn } from 'node:child_process';
import { createECDH, randomBytes } from 'node:crypto';
import { Agent } from 'node:https';
import { fileURLToPath } from 'node:url';
import webpush from 'web-push';
import { testCertificate } from '../rig/certificate.ts';
import { createWebPushSender } from '../src/channels/web-push/deliver.ts';
import type { RenderedWebPush } from '../src/channels/web-push/render.ts';
import { systemClock } from '../src/lib/clock.ts';
import { makeVapidKeys } from '../src/simulate/web-push/vapid.ts';
import { type Figure, median } from './figure.ts';

const SUBSCRIPTIONS = 2_000;
const MESSAGES = 1_500;
const ROUNDS = 7;
const CONCURRENCY = 100;
const BAR = 2.5;
const HOST = 'push.example.com';

const keys = makeVapidKeys();
const vapid = { subject: 'mailto:ops@acme.test', public_key: keys.publicKey, private_key: keys.privateKey };

type Send = (index: number) => Promise<unknown>;

/** Measures our sender against `web-push`. Both are fed from memory and post the same messages to the same sink over TLS. */
export async function benchWebPush(): Promise<Figure[]> {
  const { child, port } = await startSink();
  const subscriptions = Array.from({ length: SUBSCRIPTIONS }, (_, index) => ({
    endpoint: `https://${HOST}:${port}/send/${index}`,
    keys: {
      p256dh: createECDH('prime256v1').generateKeys('base64url'),
      auth: randomBytes(16).toString('base64url'),
    },
  }));
  const { send, close } = ourSender(subscriptions.map((subscription) => JSON.stringify(subscription)));
  const theirs = theirSender(subscriptions);
  const ours: Round[] = [];
  const bare: Round[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    ours.push(await measure(send));
    bare.push(await measure(theirs.send));
  }
  await close();
  theirs.close();
  child.kill();
  const [a, b] = [summary(ours.slice(1)), summary(bare.slice(1))];
  // The ratio of rounds that ran one after the other, so that other work on the machine disturbs both alike.
  const ratio = median(ours.map(({ perSecond }, round) => perSecond / (bare[round]?.perSecond ?? Number.NaN)).slice(1));
  return [
    {
      what: 'web push, our sender against `web-push` `sendNotification`, both fed from memory',
      value: `${ratio.toFixed(2)} (${a.perSecond}/s with ${a.cpuUs} µs of CPU each, web-push ${b.perSecond}/s with ${b.cpuUs} µs)`,
      bar: BAR.toFixed(2),
      holds: ratio >= BAR,
    },
  ];
}

interface Round {
  perSecond: number;
  /** CPU time of all threads of this process, in microseconds for each message. */
  cpuUs: number;
}

async function measure(send: Send): Promise<Round> {
  const start = performance.now();
  const before = process.cpuUsage();
  let next = 0;
  const loop = async () => {
    while (next < MESSAGES) await send(next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  const { user, system } = process.cpuUsage(before);
  return { perSecond: MESSAGES / ((performance.now() - start) / 1_000), cpuUs: (user + system) / MESSAGES };
}

function summary(rounds: Round[]): Round {
  return {
    perSecond: Math.round(median(rounds.map(({ perSecond }) => perSecond))),
    cpuUs: Math.round(median(rounds.map(({ cpuUs }) => cpuUs))),
  };
}

function payloadOf(index: number) {
  return { id: 'bench', title: `Hello ${index}`, body: 'x'.repeat(120), url: `https://example.com/${index}` };
}

function ourSender(tokens: string[]): { send: Send; close(): Promise<void> } {
  const sender = createWebPushSender({
    settings: { ...vapid, allow_hosts: [HOST] },
    clock: systemClock,
    ca: testCertificate.cert,
    resolve: async () => ['127.0.0.1'],
  });
  const never = new AbortController().signal;
  return {
    close: () => sender.close(),
    async send(index) {
      const now = systemClock.now();
      const payload = payloadOf(index);
      const rendered: RenderedWebPush = {
        title: payload.title,
        body: payload.body,
        payload,
        headers: { TTL: '60', Urgency: 'normal' },
      };
      const push = { rendered, token: tokens[index % SUBSCRIPTIONS] ?? '', pushId: 'p', environment: null };
      const outcome = await sender.deliver({ ...push, registeredAt: now, acceptedAt: now }, never);
      if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    },
  };
}

function theirSender(subscriptions: webpush.PushSubscription[]): { send: Send; close(): void } {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CONCURRENCY,
    ca: testCertificate.cert,
    lookup: (_host, options, done) => {
      if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
      else done(null, '127.0.0.1', 4);
    },
  });
  const vapidDetails = { subject: vapid.subject, publicKey: vapid.public_key, privateKey: vapid.private_key };
  return {
    close: () => agent.destroy(),
    async send(index) {
      const subscription = subscriptions[index % SUBSCRIPTIONS];
      if (subscription === undefined) throw new Error('no subscription');
      await webpush.sendNotification(subscription, JSON.stringify(payloadOf(index)), { vapidDetails, TTL: 60, agent });
    },
  };
}

/** Starts the sink in its own process, so that it takes no time from the loops that are compared. */
async function startSink(): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./web-push-sink.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const port = await new Promise<number>((said) => child.once('message', (message) => said(Number(message))));
  return { child, port };
}
