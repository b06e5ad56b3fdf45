import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { fillPeople } from '../rig/people.ts';
import { connect } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import type { SinkCounts, SinkOrder } from './http-sink.ts';
import { profileFolder } from './options.ts';
import { type BenchServer, SECRET, startBenchServer } from './server.ts';

const SEGMENT = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const TEXTS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a18';
const CHATS = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a19';
export const ACCOUNT = {
  sid: 'AC0123456789abcdef0123456789abcdef',
  token: 'the-token-of-the-bench',
  from: '+14155550100',
};
export const NUMBER = { id: '106540352242922', token: 'the-token-of-the-number' };

export const httpChannels = ['webhook', 'sms', 'whats_app'] as const;
export type HttpChannel = (typeof httpChannels)[number];

const name = '{{${first_name} | default: "you"}}';
const plan = '{% if custom_attribute.${plan} == "gold" %}Gold{% else %}Points{% endif %}';
const points = '{{custom_attribute.${points}}}';

/** The message of each channel: three fields of the person and a branch. `sink`: URL of the receiver. */
export function messageOf(channel: HttpChannel, sink: string): object {
  const account = { app_id: 'any', subscription_group_id: channel === 'sms' ? TEXTS : CHATS };
  if (channel === 'sms') return { ...account, body: `Hello ${name}, ${plan}: ${points}` };
  if (channel === 'whats_app') {
    const message = { template_name: 'hello', template_language_code: 'en_US', body_variables: [name, plan, points] };
    return { ...account, message_type: 'template_message', message };
  }
  return {
    url: `${sink}/hook`,
    request_method: 'POST',
    request_headers: { 'Content-Type': 'application/json', 'X-Api-Key': 'the-key-of-the-bench' },
    body: `{"id":"{{\${user_id}}}","name":"${name.replaceAll('"', "'")}","plan":"${plan.replaceAll('"', "'")}","points":${points}}`,
  };
}

/** A server with people who have a phone number and want all messages, and a receiver that answers for all channels. */
export interface HttpWorld {
  server: BenchServer;
  sink: Sink;
  databaseUrl: string;
  people: number;
  stop(): Promise<void>;
}

/** `more`: further sections of the workspace file. */
export async function startHttpWorld(people: number, more: object = {}): Promise<HttpWorld> {
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(people, more, endings)), people, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(people: number, more: object, endings: (() => Promise<unknown>)[]) {
  const sink = await startSink();
  endings.push(async () => sink.stop());
  const server = await startBenchServer(workspaceFor(sink.url, more), {
    CRESSET_SECRET: SECRET,
    ...(profileFolder !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` }),
  });
  endings.push(server.stop);
  const databaseUrl = await attachEmbedded({ dataDir: server.dataDir });
  if (databaseUrl === null) throw new Error('the server has no database');
  const db = connect({ url: databaseUrl, max: 2 });
  endings.push(() => db.close());
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  await fillPeople(db, { workspaceId, apps: [], count: people, havePhones: true });
  for (const group of [TEXTS, CHATS]) {
    await db.run(sql`
      insert into subscription_states (bucket, user_id, group_id, state)
      select bucket, user_id, ${group}, 'subscribed' from profiles`);
  }
  await db.run(sql`vacuum (analyze)`);
  await db.run(sql`checkpoint`);
  return { server, sink, databaseUrl };
}

/** Twilio and Meta are behind one URL. The file is JSON, which is YAML, too. */
function workspaceFor(base_url: string, more: object): string {
  const twilio = { account_sid: ACCOUNT.sid, auth_token: ACCOUNT.token, from: ACCOUNT.from, base_url };
  const secrets = { access_token: NUMBER.token, app_secret: 'the-secret', verify_token: 'the-word' };
  const whatsapp_cloud = { phone_number_id: NUMBER.id, ...secrets, base_url, calls_per_minute: 1e8 };
  return JSON.stringify({
    segments: [{ id: SEGMENT, name: 'Everybody', filter: null }],
    subscription_groups: [
      { id: TEXTS, name: 'Texts', channel: 'sms', twilio: { ...twilio, calls_per_minute: 1e8 } },
      { id: CHATS, name: 'Chats', channel: 'whatsapp', whatsapp_cloud },
    ],
    webhook: { deliver: true, allow: [new URL(base_url).host] },
    rate_limits: { broadcast_per_audience: 1e6 },
    ...more,
  });
}

/** Members of a request that goes to everybody. */
export const EVERYBODY = { broadcast: true, segment_id: SEGMENT };

export function sendToEverybody({ server, sink }: HttpWorld, channel: HttpChannel) {
  const messages = { [channel]: messageOf(channel, sink.url) };
  return server.post('/messages/send', { ...EVERYBODY, messages });
}

export interface Sink {
  url: string;
  /** Forgets all counts. From now on, answers come after this many milliseconds. */
  reset(latencyMs: number): Promise<void>;
  /** Resolves once so many messages have come. */
  until(total: number): Promise<void>;
  counts(): Promise<SinkCounts>;
  /** The URLs where the texts that came want their statuses. */
  callbacks(): Promise<string[]>;
  /** When each person's last message came, in milliseconds since 1970. */
  arrivals(): Promise<Map<string, number>>;
  stop(): void;
}

/** Starts the receiver in its own process, so that it takes no time from the loops that are compared. */
async function startSink(): Promise<Sink> {
  const child: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL('./http-sink.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the receiver ended with ${code}`);
  });
  failed.catch(() => undefined);
  const said = async () => (await Promise.race([once(child, 'message'), failed]))[0] as unknown;
  const port = await said();
  const ask = async <Answer = SinkCounts>(order: SinkOrder) => {
    child.send(order);
    return (await said()) as Answer;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    reset: async (latencyMs) => void (await ask({ reset: { latencyMs } })),
    until: async (total) => void (await ask({ until: total })),
    counts: () => ask('count'),
    callbacks: () => ask<string[]>('callbacks'),
    arrivals: async () => new Map(await ask<[string, number][]>('arrivals')),
    stop: () => child.disconnect(),
  };
}
