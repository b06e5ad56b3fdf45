import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { type BenchSimulator, SEGMENT, startBenchSimulator } from '../../rig/simulator.ts';
import { appIds } from '../../src/simulate/workspace-folder.ts';
import { keptFolder } from '../options.ts';
import { type BenchServer, SECRET, startBenchServer } from '../server.ts';
import { SEGMENT_IDS, type Size, seed } from './seed.ts';

const PASSWORD = 'a long password of the bench';
const SEGMENTS = 300;
/** Says of a data folder what it was filled with, and on which day: half of the numbers are those of today. */
const MARK = 'filled.json';

/** A server with all the data, and the provider of its app. */
export interface ConsoleWorld {
  server: BenchServer;
  simulator: BenchSimulator;
  people: number;
  /** Header of an operator who is signed in. */
  cookie(): Promise<string>;
  /** Seconds that filling took. null: the folder was filled before. */
  filledInS: number | null;
  stop(): Promise<void>;
}

export async function startConsoleWorld(size: Size): Promise<ConsoleWorld> {
  const folder = keptFolder ?? mkdtempSync(join(tmpdir(), 'cresset-bench-'));
  const simulator = await startBenchSimulator('fcm');
  try {
    mkdirSync(folder, { recursive: true });
    const start = () => startServer(simulator, folder, size);
    const filledInS = await fill(start, folder, size);
    const server = await start();
    return {
      ...{ server, simulator, filledInS, people: size.people },
      cookie: () => signIn(server),
      async stop() {
        await server.stop();
        await simulator.stop();
        if (keptFolder === undefined) rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await simulator.stop();
    throw error;
  }
}

/** The server applies the definitions and stores one plan of each kind, which the others copy. */
async function fill(start: () => Promise<BenchServer>, folder: string, size: Size): Promise<number | null> {
  const mark = JSON.stringify({ ...size, day: new Date().toISOString().slice(0, 10) });
  const path = join(folder, MARK);
  if (existsSync(path) && readFileSync(path, 'utf8') === mark) return null;
  if (existsSync(path)) throw new Error(`${folder} was filled with something else, or on another day; delete it`);
  const server = await start();
  const message = {
    title: 'Hello {{${first_name} | default: "you"}}',
    alert: 'Points: {{custom_attribute.${points}}}',
  };
  const messages = { android_push: { ...message, message_variation_id: 'push' } };
  const common = { campaign_id: 'campaign-00000', messages };
  await server.post('/messages/send', { ...common, broadcast: true, segment_id: SEGMENT });
  await server.post('/messages/send', { ...common, external_user_ids: ['person-1'] });
  await server.stop();
  const seconds = await seed(folder, size, appIds.fcm);
  writeFileSync(path, mark);
  return seconds;
}

function startServer(simulator: BenchSimulator, folder: string, size: Size): Promise<BenchServer> {
  const file = join(dirname(simulator.workspace), 'scale.yaml');
  writeFileSync(file, workspaceOf(readFileSync(simulator.workspace, 'utf8'), size));
  const env = {
    CRESSET_WORKSPACE: file,
    CRESSET_SECRET: SECRET,
    CRESSET_ADMIN_PASSWORD: PASSWORD,
    NODE_EXTRA_CA_CERTS: simulator.certificate,
  };
  return startBenchServer('', env, folder);
}

function segmentId(n: number): string {
  return `${SEGMENT_IDS}${n.toString(16).padStart(12, '0')}`;
}

function workspaceOf(simulated: string, { campaigns }: Size): string {
  const file = parse(simulated) as { segments: object[] };
  const segments = Array.from({ length: SEGMENTS }, (_, n) => ({
    ...{ id: segmentId(n), name: `Segment ${n}`, tags: [`tag-${n % 10}`] },
    filter: { custom_attribute: { custom_attribute_name: 'cohort', comparison: 'equals', value: `cohort-${n}` } },
  }));
  const variations = [{ id: 'push', channel: 'android_push' }];
  const defined = Array.from({ length: campaigns }, (_, n) => {
    const number = String(n).padStart(5, '0');
    return { id: `campaign-${number}`, name: `Campaign ${number}`, kind: 'api', tags: [`tag-${n % 50}`], variations };
  });
  return JSON.stringify({ ...file, segments: [...file.segments, ...segments], campaigns: defined });
}

async function signIn({ url }: BenchServer): Promise<string> {
  const response = await fetch(`${url}/operator/v1/sign-in`, {
    method: 'POST',
    headers: { 'x-cresset-console': '1', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'admin', password: PASSWORD }),
  });
  if (!response.ok) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  return String(response.headers.get('set-cookie')).split(';')[0] ?? '';
}
