import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { type App, startApp } from '../src/app.ts';
import { audienceChecks } from '../src/audience/check-filter.ts';
import { createApnsSender } from '../src/channels/apple-push/deliver.ts';
import type { PushSender, PushSenderMaker } from '../src/channels/push-sender.ts';
import { connect, type Database } from '../src/db/database.ts';
import { startEmbedded } from '../src/db/embedded.ts';
import { migrate } from '../src/db/migrate.ts';
import { sql } from '../src/db/sql.ts';
import { prepare } from '../src/dispatch/loaded.ts';
import { pushIdOf } from '../src/dispatch/push/push-id.ts';
import { compileMessages } from '../src/dispatch/templates.ts';
import { systemClock } from '../src/lib/clock.ts';
import { Problems } from '../src/lib/problems.ts';
import { allNeeds, loadRecipients, type Recipient } from '../src/people/facts.ts';
import { applyWorkspace } from '../src/workspace/apply.ts';
import type { Catalog } from '../src/workspace/catalog.ts';
import { readWorkspaceFile } from '../src/workspace/file.ts';
import { ensureFirstKey } from '../src/workspace/keys.ts';
import { deriveKey, secretFrom } from '../src/workspace/secrets.ts';
import { watchCatalog } from '../src/workspace/watch-catalog.ts';
import { ensureWorkspace } from '../src/workspace/workspaces.ts';
import { loopbackCertificate } from '../test/support/loopback-certificate.ts';
import { databaseCpuMs } from './cpu.ts';
import { type Figure, median } from './figure.ts';
import { fillPeople } from './people.ts';
import { type StandIn, startStandIn } from './push-senders.ts';
import { APP, KEY } from './server.ts';

const PEOPLE = Number(process.env.BENCH_PEOPLE ?? 100_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const LATENCIES_MS = (process.env.BENCH_LATENCY ?? '0,20').split(',').map(Number);
const SEGMENT = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';
const BARE_WINDOW = 1_000;

const message = {
  alert: {
    title: 'Hello {{${first_name} | default: "you"}}',
    body: '{% if custom_attribute.${plan} == "gold" %}Gold{% else %}Points{% endif %}: {{custom_attribute.${points}}}',
  },
  custom_uri: 'https://acme.test/u?id={{${user_id} | url_encode}}',
};

/** A way to a push provider, for us and for the bare loop alike. */
interface BenchProvider {
  name: string;
  apns: PushSenderMaker;
  settings: Record<string, string>;
}

/** Answers after so many milliseconds and costs next to nothing: what is left is all ours. For profiling. */
function memoryProvider(latencyMs: number): BenchProvider {
  const deliver =
    latencyMs === 0
      ? () => new Promise<void>((answer) => setImmediate(answer))
      : () => new Promise<void>((answer) => setTimeout(answer, latencyMs));
  const sender: PushSender = {
    deliver: async ({ pushId }) => {
      await deliver();
      return { kind: 'accepted', providerId: pushId };
    },
    close: () => Promise.resolve(),
  };
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' });
  const settings = { team_id: 'TEAM123456', key_id: 'KEY1234567', key: String(key), topic: 'com.acme.app' };
  return { name: 'in memory', apns: () => sender, settings };
}

function apnsProvider({ apnsUrl, key: { teamId, keyId, key } }: StandIn): BenchProvider {
  const settings = { team_id: teamId, key_id: keyId, key, topic: 'com.acme.app', base_url: apnsUrl };
  return {
    name: 'to an APNs stand-in over TLS',
    apns: (options) => createApnsSender(options, { ca: loopbackCertificate.cert }),
    settings,
  };
}

/** Everything between the ledger and the provider, beside a loop that renders and posts from memory by the same sender. */
export async function benchDrain(): Promise<Figure[]> {
  const figures: Figure[] = [];
  const inMemory = process.env.BENCH_IN_MEMORY !== undefined;
  const stand = inMemory ? null : await startStandIn();
  for (const latencyMs of LATENCIES_MS) {
    await stand?.setLatency(latencyMs);
    figures.push(await measure(stand === null ? memoryProvider(latencyMs) : apnsProvider(stand), latencyMs));
  }
  stand?.child.disconnect();
  return figures;
}

async function measure(provider: BenchProvider, latencyMs: number): Promise<Figure> {
  const world = await startWorld(provider);
  const ours: number[] = [];
  const bare: number[] = [];
  let memory = 0;
  try {
    const people = process.env.BENCH_ONLY_OURS === undefined ? await loadPeople(world) : [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      if (people.length > 0) bare.push(await bareLoop(world, provider, people));
      const one = await broadcast(world);
      ours.push(one.perSecond);
      memory = Math.max(memory, one.memoryMb);
      if (process.env.BENCH_VERBOSE) console.error({ latencyMs, bare: bare.at(-1), ours: one });
    }
  } finally {
    await world.stop();
  }
  const [, ...warmOurs] = ours;
  const [, ...warmBare] = bare;
  const ratio = median(warmOurs) / median(warmBare);
  return {
    what: `drain of ${PEOPLE} personal pushes ${provider.name}, ${latencyMs} ms of latency, against a bare loop`,
    value: `${ratio.toFixed(2)} (${Math.round(median(warmOurs))}/s, bare ${Math.round(median(warmBare))}/s, ${Math.round(memory)} MB)`,
    bar: '0.70',
    holds: ratio >= 0.7,
  };
}

interface World {
  app: App;
  db: Database;
  catalog: Catalog;
  workspaceId: number;
  dataDirectory: string;
  stop(): Promise<void>;
}

/** Server and worker in this process, the database in its own. */
async function startWorld(provider: BenchProvider): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-drain-'));
  const embedded = await startEmbedded({ dataDir: folder });
  await migrate(embedded.url);
  const db = connect({ url: embedded.url, max: 20 });
  const workspaceId = await ensureWorkspace(db);
  const secret = secretFrom('the secret of the benches, long enough');
  const apns = JSON.stringify(provider.settings);
  const yaml = `apps: [{ id: ${APP}, name: iOS, platform: ios, apns: ${apns} }]\nsegments: [{ id: ${SEGMENT}, name: Everybody, filter: null }]\n`;
  const file = readWorkspaceFile(yaml, { path: 'bench.yaml', env: {} }, audienceChecks.checkFilter);
  await applyWorkspace(db, {
    workspaceId,
    file,
    path: 'bench.yaml',
    secret,
    checkReferences: audienceChecks.checkReferences,
  });
  await ensureFirstKey(db, workspaceId, KEY);
  await fillPeople(db, { workspaceId, appId: APP, platform: 'ios', count: PEOPLE });
  const log = pino({ level: 'warn' });
  const catalog = await watchCatalog(db, secret, (error) => log.error({ err: error }));
  const app = await startApp({
    ...{ db, clock: systemClock, log, catalog: () => catalog.current(), secret: deriveKey(secret, 'links') },
    ...{ publicUrl: 'http://localhost', bodyLimitBytes: 4_194_304, trustedProxyHops: 0 },
    queueLimits: { named: { maxTasks: 0, maxAgeMs: 0 }, broadcast: { maxTasks: 0, maxAgeMs: 0 } },
    roles: { api: true, worker: true },
    pushSenders: { apns: provider.apns },
  });
  return {
    ...{ app, db, workspaceId, catalog: catalog.current(), dataDirectory: join(folder, 'postgres') },
    async stop() {
      await app.stop();
      await catalog.stop();
      await db.close();
      await embedded.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Run {
  perSecond: number;
  memoryMb: number;
  /** Microseconds of processor time per message. */
  workerCpuUs: number;
  databaseCpuUs: number;
}

/** From the request to the end of the dispatch. */
async function broadcast({ app, db, dataDirectory }: World): Promise<Run> {
  let memoryMb = 0;
  const watch = setInterval(() => {
    memoryMb = Math.max(memoryMb, process.memoryUsage.rss() / 2 ** 20);
  }, 50);
  const databaseCpu = databaseCpuMs(dataDirectory);
  const start = performance.now();
  const cpu = process.cpuUsage();
  const reply = await app.server?.inject({
    method: 'POST',
    url: '/messages/send',
    headers: { authorization: `Bearer ${KEY}` },
    payload: { broadcast: true, segment_id: SEGMENT, messages: { apple_push: message } },
  });
  if (reply?.statusCode !== 201) throw new Error(`the broadcast was refused: ${reply?.body}`);
  const id: string = reply.json().dispatch_id;
  for (;;) {
    await new Promise((next) => setTimeout(next, 20));
    const { state } = await db.one<{ state: string }>(sql`select state from dispatches where id = ${id}`);
    if (state === 'finished') break;
  }
  const tookMs = performance.now() - start;
  const used = process.cpuUsage(cpu);
  clearInterval(watch);
  const { sent } = await db.one<{ sent: number }>(sql`
    select count(*) as sent from sends where dispatch_id = ${id} and status = 'sent'`);
  if (sent !== PEOPLE) throw new Error(`${sent} of ${PEOPLE} were sent`);
  return {
    perSecond: PEOPLE / (tookMs / 1_000),
    memoryMb,
    workerCpuUs: (used.user + used.system) / PEOPLE,
    databaseCpuUs: ((databaseCpuMs(dataDirectory) - databaseCpu) * 1_000) / PEOPLE,
  };
}

async function loadPeople({ db, workspaceId }: World): Promise<Recipient[]> {
  const keys = await db.query<{ bucket: number; userId: number }>(sql`
    select bucket, user_id as "userId" from profiles`);
  const people: Recipient[] = [];
  for (let at = 0; at < keys.length; at += 5_000) {
    const found = await loadRecipients(db, { workspaceId, people: keys.slice(at, at + 5_000), needs: allNeeds });
    people.push(...found.values());
  }
  return people;
}

/** What a careful person would write: the template parsed once, rendered for each, posted by the same client. */
async function bareLoop(world: World, provider: BenchProvider, people: readonly Recipient[]): Promise<number> {
  const workspace = world.catalog.workspace(world.workspaceId);
  const settings = workspace?.apps.get(APP)?.provider?.settings ?? {};
  if (workspace === undefined) throw new Error('there is no workspace');
  const compiled = compileMessages({ apple_push: message }, new Problems());
  const plan = { messages: {}, campaignId: null, requiredState: 'subscribed' } as never;
  const now = new Date();
  const dispatch = prepare({ id: 'x', state: 'sending', accepted_at: now }, workspace, { plan, messages: compiled });
  const prepared = dispatch.messages.get('apple_push');
  if (prepared === undefined) throw new Error('there is no message');
  const sender = provider.apns({ settings, clock: systemClock });
  const { signal } = new AbortController();
  const start = performance.now();
  const cpu = process.cpuUsage();
  let next = 0;
  async function lane(): Promise<void> {
    for (let person = people[next++]; person !== undefined; person = people[next++]) {
      const target = person.pushTargets[0];
      if (target === undefined || prepared === undefined) throw new Error('a person has no device');
      const context = { now, person: person.person, dispatchId: 'x', campaign: null, variation: null, links: null };
      const facts = { now, timeZone: 'UTC', dispatchId: 'x', campaignId: null, unsubscribeUrl: null };
      const rendered = prepared.channel.render(prepared.renderTexts(context), facts);
      const { bucket, userId } = person;
      const pushId = pushIdOf({ bucket, userId, dispatchId: 'x', channel: 'apple_push' }, target.appId, target.token);
      const { token, registeredAt, environment } = target;
      const outcome = await sender.deliver(
        { rendered, token, registeredAt, environment, pushId, acceptedAt: now },
        signal,
      );
      if (outcome.kind !== 'accepted') throw new Error(`the provider answered ${JSON.stringify(outcome)}`);
    }
  }
  await Promise.all(Array.from({ length: BARE_WINDOW }, lane));
  const perSecond = people.length / ((performance.now() - start) / 1_000);
  const used = process.cpuUsage(cpu);
  if (process.env.BENCH_VERBOSE) console.error({ bareCpuUs: (used.user + used.system) / people.length });
  await sender.close();
  return perSecond;
}
