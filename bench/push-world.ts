import { fillPeople } from '../rig/people.ts';
import { type BenchSimulator, SEGMENT, startBenchSimulator } from '../rig/simulator.ts';
import { pause } from '../rig/waiting.ts';
import { connect, type Database } from '../src/db/database.ts';
import { attachEmbedded } from '../src/db/embedded/embedded.ts';
import { sql } from '../src/db/sql.ts';
import { loadRecipients, type Recipient } from '../src/people/profile/facts.ts';
import { allNeeds } from '../src/people/profile/needs.ts';
import type { PushProviderName } from '../src/simulate/all.ts';
import { Subscriptions } from '../src/simulate/web-push/web-push-subscriptions.ts';
import { appIds } from '../src/simulate/workspace-folder.ts';
import { profileFolder } from './options.ts';
import { type BenchServer, startBenchServer } from './server.ts';

const SEED_OF_SIMULATOR = 1;
const STUCK_MS = 60_000;
const [LEAST_PAUSE_MS, MOST_PAUSE_MS] = [10, 250];
export const SECRET = 'the secret of the benches, long enough';

const title = 'Hello {{${first_name} | default: "you"}}';
const body =
  '{% if custom_attribute.${plan} == "gold" %}Gold{% else %}Points{% endif %}: {{custom_attribute.${points}}}';
const custom_uri = 'https://acme.test/u?id={{${user_id} | url_encode}}';

/** The message for each protocol: three fields of the person, a branch and a personal link. */
export const protocols = {
  fcm: { platform: 'android', channel: 'android_push', message: { title, alert: body, custom_uri } },
  apns: { platform: 'ios', channel: 'apple_push', message: { alert: { title, body }, custom_uri } },
  adm: { platform: 'kindle', channel: 'kindle_push', message: { title, alert: body, custom_uri } },
  'web-push': { platform: 'web', channel: 'web_push', message: { title, alert: body, custom_uri } },
} as const satisfies Record<PushProviderName, object>;

/** A server with people who have one device each, and the simulator of their provider. */
export interface PushWorld {
  server: BenchServer;
  simulator: BenchSimulator;
  db: Database;
  databaseUrl: string;
  people: number;
  stop(): Promise<void>;
}

export async function startPushWorld(provider: PushProviderName, people: number): Promise<PushWorld> {
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of endings.splice(0).reverse()) await end();
  };
  try {
    return { ...(await start(provider, people, endings)), people, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(provider: PushProviderName, people: number, endings: (() => Promise<unknown>)[]) {
  const simulator = await startBenchSimulator(provider);
  endings.push(simulator.stop);
  const server = await startBenchServer('', {
    CRESSET_WORKSPACE: simulator.workspace,
    CRESSET_SECRET: SECRET,
    NODE_EXTRA_CA_CERTS: simulator.certificate,
    ...(profileFolder !== undefined && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` }),
  });
  endings.push(server.stop);
  const databaseUrl = await attachEmbedded({ dataDir: server.dataDir });
  if (databaseUrl === null) throw new Error('the server has no database');
  const db = connect({ url: databaseUrl, max: 2 });
  endings.push(() => db.close());
  const { id: workspaceId } = await db.one<{ id: number }>(sql`select id from workspaces`);
  const appId = appIds[provider];
  await fillPeople(db, { workspaceId, apps: [{ id: appId, platform: protocols[provider].platform }], count: people });
  if (provider === 'web-push') await giveSubscriptions(db, appId, simulator.url);
  return { server, simulator, db, databaseUrl };
}

/** Replaces the device tokens by browsers' subscriptions, whose keys the simulator derives from their names. */
async function giveSubscriptions(db: Database, appId: string, url: string): Promise<void> {
  const made = new Subscriptions(SEED_OF_SIMULATOR);
  const rows = await db.query<{ token: string }>(sql`select token from push_targets where app_id = ${appId}`);
  const subscriptions = rows.map(({ token }) => {
    const { endpoint, keys } = made.subscription(url, token);
    return JSON.stringify({ endpoint, keys });
  });
  const given = sql`unnest(${rows.map(({ token }) => token)}::text[], ${subscriptions}::text[]) as x(old, new)`;
  await db.run(
    sql`update push_targets t set token = x.new from ${given} where t.app_id = ${appId} and t.token = x.old`,
  );
  await db.run(
    sql`update push_token_owners t set token = x.new from ${given} where t.app_id = ${appId} and t.token = x.old`,
  );
  await db.run(sql`vacuum (analyze) push_targets, push_token_owners`);
}

export function sendToEverybody({ server }: Pick<PushWorld, 'server'>, provider: PushProviderName) {
  const { channel, message } = protocols[provider];
  const messages = { [channel]: message };
  return server.post('/messages/send', { broadcast: true, segment_id: SEGMENT, messages });
}

/**
 * Waits until the simulator has accepted `wanted` messages. Fails if nothing moves for a minute. While the end is far it
 * asks rarely, because asking takes time from what is measured.
 */
export async function untilAccepted({ simulator }: Pick<PushWorld, 'simulator'>, wanted: number): Promise<void> {
  let seen = { accepted: -1, at: performance.now() };
  for (;;) {
    const { accepted, answers } = await simulator.counts();
    const at = performance.now();
    if (accepted >= wanted) return;
    if (accepted === seen.accepted && at - seen.at > STUCK_MS)
      throw new Error(`stuck at ${accepted}: ${JSON.stringify(answers)}`);
    const perMs = (accepted - Math.max(0, seen.accepted)) / (at - seen.at);
    if (accepted !== seen.accepted) seen = { accepted, at };
    await pause(Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, (wanted - accepted) / perMs / 2)));
  }
}

export async function loadPeople(db: Database, workspaceId: number): Promise<Recipient[]> {
  const keys = await db.query<{ bucket: number; userId: number }>(sql`
    select bucket, user_id as "userId" from profiles`);
  const people: Recipient[] = [];
  for (let at = 0; at < keys.length; at += 5_000) {
    const found = await loadRecipients(db, { workspaceId, people: keys.slice(at, at + 5_000), needs: allNeeds });
    people.push(...found.values());
  }
  return people;
}
