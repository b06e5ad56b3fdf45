import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type CallbackRelay, startCallbackRelay } from '../rig/callback-relay.ts';
import { fillPeople } from '../rig/people.ts';
import { type BenchSimulator, SEGMENT, startBenchSimulator } from '../rig/simulator.ts';
import { connect, type Database } from '../src/db/database.ts';
import { sql } from '../src/db/sql.ts';
import { endAll } from '../src/lib/end-all.ts';
import { appIds, chatsGroupId, textsGroupId } from '../src/simulate/workspace-folder.ts';
import { Api, KEY } from './api.ts';
import type { Delivery } from './books.ts';
import { ChaosDatabase } from './database.ts';
import { Mail } from './mail.ts';
import { type Channels, type Medium, mediaOf, type ServerName } from './plan.ts';
import { randomFrom } from './random.ts';
import { Servers } from './servers.ts';

export interface WorldOptions {
  seed: number;
  people: number;
  channel: Channels;
  delivery: Delivery;
  /** Default: both. */
  workers?: readonly ServerName[];
}

/** The processes of a run: PostgreSQL, an API, two workers, the simulators of providers and a mail server. */
export interface World extends WorldOptions {
  database: ChaosDatabase;
  db: Database;
  servers: Servers;
  api: Api;
  simulator: BenchSimulator;
  mail: Mail;
  /** Passes on what Twilio and Meta tell, out of order and twice. */
  relay: CallbackRelay;
  media: readonly Medium[];
  /** The dispatches that were set aside and replayed, one entry for each time. */
  replayed: string[];
  /** Number of messages that should arrive in total. */
  expected: number;
  /** Number of targets that have a message so far, over all channels. */
  reached(): Promise<number>;
}

type Ending = () => Promise<unknown>;

/** Starts a world, runs `work` with it, and ends it in any case, also when the process is told to stop. */
export async function withWorld<T>(options: WorldOptions, work: (world: World) => Promise<T>): Promise<T> {
  const endings: Ending[] = [];
  const stopped = Promise.withResolvers<never>();
  const onSignal = (signal: NodeJS.Signals) => stopped.reject(new Error(`stopped by ${signal}`));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  try {
    return await Promise.race([stopped.promise, startWorld(options, endings).then(work)]);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
    await endAll(...endings.reverse());
  }
}

async function startWorld(options: WorldOptions, endings: Ending[]): Promise<World> {
  const media = mediaOf(options.channel);
  const needsNumbers = media.includes('sms') || media.includes('whats_app');
  const providers = needsNumbers ? (['apns', 'fcm', 'twilio', 'whatsapp'] as const) : (['apns', 'fcm'] as const);
  const relay = await startCallbackRelay({
    target: () => servers.url(),
    random: randomFrom(options.seed),
    atOnce: 0.5,
  });
  endings.push(() => relay.stop());
  const simulator = await startBenchSimulator(providers, {
    ...{ isOverTls: false, seed: options.seed, callbacksUrl: relay.url },
  });
  endings.push(() => simulator.stop());
  const mail = await Mail.start();
  endings.push(() => mail.end());
  const database = await ChaosDatabase.start();
  endings.push(() => database.end());
  const env = environment(database, workspaceWith(simulator, mail));
  const servers = new Servers(env, options.workers);
  endings.push(() => servers.stopAll());
  await servers.startAll();
  const db = connect({ url: database.url, max: 2 });
  endings.push(() => db.close());
  await fill(db, options.people);
  const api = new Api(() => servers.url());
  if (needsNumbers) await givePhones(api, options.people);
  return {
    ...{ ...options, database, db, servers, simulator, mail, relay, media, api, replayed: [] },
    expected: options.people * media.length,
    async reached() {
      return (await simulator.reached()) + (await mail.reached());
    },
  };
}

function environment({ url }: ChaosDatabase, workspace: string): Record<string, string> {
  return {
    DATABASE_URL: url,
    PORT: '0',
    CRESSET_API_KEY: KEY,
    CRESSET_SECRET: 'the secret of the chaos, long enough',
    CRESSET_LOG_LEVEL: 'warn',
    CRESSET_WORKSPACE: workspace,
  };
}

/** Writes the simulator's workspace file with a mail server added. Returns its path. */
function workspaceWith(simulator: BenchSimulator, mail: Mail): string {
  const path = join(dirname(simulator.workspace), 'chaos.yaml');
  const email = `email: { default_from: "Acme <hello@acme.test>", smtp: { url: "${mail.url}" } }\n`;
  writeFileSync(path, readFileSync(simulator.workspace, 'utf8') + email);
  return path;
}

async function fill(db: Database, count: number): Promise<void> {
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  const apps = [
    { id: appIds.apns, platform: 'ios' },
    { id: appIds.fcm, platform: 'android' },
  ];
  await fillPeople(db, { workspaceId, apps, count });
}

const MOST_IN_REQUEST = 75;

export function phoneOf(person: number): string {
  return `+1415${5_550_000 + person}`;
}

/** Gives everybody a number that is subscribed to texts and to WhatsApp. */
async function givePhones(api: Api, count: number): Promise<void> {
  const subscription_groups = [textsGroupId, chatsGroupId].map((subscription_group_id) => ({
    ...{ subscription_group_id, subscription_state: 'subscribed' },
  }));
  for (let first = 1; first <= count; first += MOST_IN_REQUEST) {
    const numbers = Array.from({ length: Math.min(MOST_IN_REQUEST, count + 1 - first) }, (_, at) => first + at);
    const attributes = numbers.map((n) => ({ external_id: `p${n}`, phone: phoneOf(n), subscription_groups }));
    const { errors } = await api.ask<{ errors?: object[] }>('POST', '/users/track', { attributes });
    if (errors !== undefined) throw new Error(JSON.stringify(errors.slice(0, 3)));
  }
}

const text = { title: 'Hello {{${first_name}}}', body: '{{custom_attribute.${points}}} points' };

/** Half of the people have an Apple device, the others an Android one. The message for the other kind is skipped. */
const pushes = {
  apple_push: { alert: text },
  android_push: { title: text.title, alert: text.body },
};

const mails = { email: { app_id: appIds.apns, subject: text.title, body: `<p>${text.body}</p>` } };

const texts = { sms: { app_id: appIds.apns, subscription_group_id: textsGroupId, body: text.body } };
const template = { template_name: 'hello', template_language_code: 'en_US', body_variables: ['{{${first_name}}}'] };
const chats = {
  whats_app: {
    ...{ app_id: appIds.apns, subscription_group_id: chatsGroupId },
    ...{ message_type: 'template_message', message: template },
  },
};
const messagesOf: Readonly<Record<Medium, object>> = { push: pushes, email: mails, sms: texts, whats_app: chats };

/** Sends a broadcast to everybody by each medium. Returns their ids. */
export async function sendBroadcasts(world: World): Promise<string[]> {
  const ids: string[] = [];
  for (const medium of world.media) ids.push(await broadcast(world, messagesOf[medium], ids.length));
  return ids;
}

/** Sends one broadcast to everybody over all channels. Returns its id. */
export function sendOneBroadcast(world: World): Promise<string> {
  return broadcast(world, Object.assign({}, ...world.media.map((medium) => messagesOf[medium])), 0);
}

async function broadcast({ api, delivery, seed }: World, messages: object, number: number): Promise<string> {
  const body = { broadcast: true, segment_id: SEGMENT, messages, cresset: { delivery } };
  const key = `chaos-${seed}-${number}`;
  return (await api.ask<{ dispatch_id: string }>('POST', '/messages/send', body, key)).dispatch_id;
}
