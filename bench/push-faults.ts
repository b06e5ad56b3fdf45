import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause } from '../rig/waiting.ts';
import { sql } from '../src/db/sql.ts';
import type { PushProviderName } from '../src/simulate/all.ts';
import { makeApnsKey } from '../src/simulate/apns/apns.ts';
import { appIds } from '../src/simulate/workspace-folder.ts';
import type { Figure } from './figure.ts';
import { isVerbose, listOption, numberOption } from './options.ts';
import { type PushWorld, SECRET, sendToEverybody, startPushWorld, untilAccepted } from './push-world.ts';

const PEOPLE = numberOption('people', 100_000);
/** `fcm` works, too. There every 429 slows down the whole app, as Google demands. */
const PROVIDER = listOption('provider', ['apns'])[0] as PushProviderName;
const MOST_REFUSED = 100;
const FAULTS = {
  latency: 200,
  fault: ['503:5%', '429:2%:retry-after=5', 'reset:1%'],
  dead: '3%',
  goaway_every: 10_000,
};

/** Measures the whole server with a faulty provider, and with a wrong signing key applied in the middle of a broadcast. */
export async function benchPushFaults(): Promise<Figure[]> {
  const wanted = listOption('parts', ['bad-day', 'wrong-key']);
  return [
    ...(wanted.includes('bad-day') ? [await badDay()] : []),
    ...(wanted.includes('wrong-key') ? [await wrongKey()] : []),
  ];
}

async function badDay(): Promise<Figure> {
  const world = await startPushWorld(PROVIDER, PEOPLE);
  try {
    await world.simulator.setFaults(FAULTS);
    const start = performance.now();
    const { dispatch_id: id } = await sendToEverybody(world, PROVIDER);
    await untilAccepted(world, PEOPLE * 0.85);
    const mostS = (performance.now() - start) / 1_000;
    await untilFinished(world, id);
    const allS = (performance.now() - start) / 1_000;
    const { wrong, sent, bounced } = await compareBooks(world, id);
    const { surplus, requests, connections, answers } = await world.simulator.counts();
    if (isVerbose) console.error({ sent, bounced, wrong, surplus, requests, connections, answers });
    return {
      what: `push, ${PROVIDER}, ${PEOPLE} people, 200 ms, 5 % 503, 2 % 429, 1 % resets, 3 % dead, GOAWAY every 10,000: verdicts that differ from the simulator's books; anybody twice`,
      value: `${wrong}; ${surplus} (${sent} sent, ${bounced} bounced and their tokens gone; the first 85 % at ${Math.round((PEOPLE * 0.85) / mostS)}/s, all after ${allS.toFixed(0)} s)`,
      bar: '0; 0',
      holds: wrong === 0 && surplus === 0,
    };
  } finally {
    await world.stop();
  }
}

/** Compares every person's verdict and token with what the simulator did with that token. */
async function compareBooks({ db, simulator, people }: PushWorld, dispatchId: string) {
  const accepted = await simulator.targets();
  const rows = await db.query<{ token: string; status: string; kept: boolean }>(sql`
    select encode(sha256(p.external_id::bytea), 'hex') as token, s.status, t.token is not null as kept
      from sends s
      join profiles p on p.bucket = s.bucket and p.user_id = s.user_id
      left join push_targets t on t.bucket = s.bucket and t.user_id = s.user_id
     where s.dispatch_id = ${dispatchId}`);
  const isRight = ({ token, status, kept }: (typeof rows)[number]) => {
    const times = accepted.get(token);
    return times === 0 ? status === 'bounced' && !kept : times === 1 && status === 'sent' && kept;
  };
  const of = (wanted: string) => rows.filter(({ status }) => status === wanted).length;
  const wrong = rows.filter((row) => !isRight(row)).length + Math.abs(people - rows.length);
  return { wrong, sent: of('sent'), bounced: of('bounced') };
}

async function wrongKey(): Promise<Figure> {
  const world = await startPushWorld('apns', PEOPLE);
  const { simulator, db } = world;
  try {
    await simulator.setFaults({ latency: 20 });
    const { dispatch_id: id } = await sendToEverybody(world, 'apns');
    await untilAccepted(world, PEOPLE * 0.2);
    // So slow that some messages are certainly still to come when the key has been applied.
    await simulator.setFaults({ latency: 5_000 });
    await apply(world, withAnotherKey(simulator.workspace));
    await simulator.setFaults({ latency: 20 });
    await untilPaused(world, id);
    await pause(2_000);
    const { accepted, answers } = await simulator.counts();
    const refused = answers['refused: InvalidProviderToken'] ?? 0;
    const said = { ...(await appState(world)), failure: (await world.server.get(`/dispatches/${id}`)).failure };
    if (isVerbose) console.error({ accepted, refused, said });
    const { kept } = await db.one<{ kept: number }>(
      sql`select count(*) as kept from push_targets where suspect_since is null`,
    );
    await apply(world, simulator.workspace);
    await untilFinished(world, id);
    const { distinct, surplus } = await simulator.counts();
    const isTold = said.reason === 'InvalidProviderToken' && String(said.failure).includes('InvalidProviderToken');
    return {
      what: `push, apns, ${PEOPLE} people, a wrong key applied in the middle: calls until the queue pauses; people without the message; anybody twice; tokens lost`,
      value: `${refused}; ${PEOPLE - distinct}; ${surplus}; ${PEOPLE - kept} (after ${accepted} of them; the dispatch and the app ${isTold ? 'say' : 'do not say'} why)`,
      bar: `≤ ${MOST_REFUSED}; 0; 0; 0`,
      holds:
        refused > 0 && refused <= MOST_REFUSED && distinct === PEOPLE && surplus === 0 && kept === PEOPLE && isTold,
    };
  } finally {
    await world.stop();
  }
}

async function untilPaused(world: PushWorld, id: string): Promise<void> {
  while ((await appState(world)).state !== 'paused') {
    const { state } = await world.server.get(`/dispatches/${id}`);
    if (state === 'finished') throw new Error('all of them had gone out before the key was applied');
    await pause(100);
  }
}

async function untilFinished({ server }: PushWorld, id: string): Promise<void> {
  while ((await server.get(`/dispatches/${id}`)).state !== 'finished') await pause(250);
}

async function appState({ server }: PushWorld): Promise<{ state?: string; reason?: string }> {
  const { apps } = (await server.get('/push/apps')) as { apps: { id: string; state: string; reason?: string }[] };
  return apps.find(({ id }) => id === appIds.apns) ?? {};
}

/** Writes a copy of the workspace file with a key that Apple does not know. Returns its path. */
function withAnotherKey(path: string): string {
  const folder = dirname(path);
  writeFileSync(join(folder, 'Wrong.p8'), makeApnsKey().key);
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, readFileSync(path, 'utf8').replace('AuthKey.p8', 'Wrong.p8'));
  return wrong;
}

/** Runs `cresset apply`, as an operator does. */
async function apply({ server }: PushWorld, path: string): Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('../src/main.ts', import.meta.url)), 'apply', path], {
    env: { ...process.env, CRESSET_DATA_DIR: server.dataDir, CRESSET_SECRET: SECRET },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`cresset apply ended with ${code}`);
}
