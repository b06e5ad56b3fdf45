import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { ProviderName } from '../src/simulate/all.ts';
import type { Counts } from '../src/simulate/ledger.ts';
import { chatsGroupId } from '../src/simulate/workspace-folder.ts';
import { program } from './process.ts';

const UNLIMITED = 60_000_000;
export const SEGMENT = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';

/** A process of `cresset simulate`. */
export interface BenchSimulator {
  /** Base URL of the first provider. */
  url: string;
  pid: number;
  /** Path of a workspace file with its apps and a segment of everybody. */
  workspace: string;
  /** Path of the certificate, for NODE_EXTRA_CA_CERTS. */
  certificate: string;
  /** Counts of the first provider. */
  counts(): Promise<Counts>;
  /** Number of targets that have a message, over all providers. */
  reached(): Promise<number>;
  /** Forgets all counts. */
  reset(): Promise<void>;
  setFaults(faults: Record<string, unknown>): Promise<void>;
  /** Number of accepted messages of every target that was tried. Before a phone number stands its provider and a space. */
  targets(): Promise<Map<string, number>>;
  /** The record of a target of the first provider. null: no message came for it. */
  target(target: string): Promise<{ accepted: number; acceptedAt: Date } | null>;
  stop(): Promise<void>;
}

export interface BenchSimulatorOptions {
  isOverTls?: boolean;
  /** Seed of its faults. */
  seed?: number;
  /** Base URL to which the stand-ins for Twilio and Meta post. Default: a server on this machine. */
  callbacksUrl?: string;
}

export async function startBenchSimulator(
  providers: ProviderName | readonly ProviderName[],
  { isOverTls = true, seed = 1, callbacksUrl }: BenchSimulatorOptions = {},
): Promise<BenchSimulator> {
  const names = [providers].flat();
  const folder = mkdtempSync(join(tmpdir(), 'cresset-simulator-'));
  const options = ['--port', '0', '--control-port', '0', '--keep', '0', '--decrypt-every', '1000', '--json'];
  if (isOverTls) options.push('--tls');
  if (callbacksUrl !== undefined)
    options.push('--whatsapp-callbacks', `${callbacksUrl}/callbacks/whats_app/${chatsGroupId}`);
  const child = spawn(
    process.execPath,
    [program, 'simulate', ...names, '--workspace', folder, '--seed', String(seed), ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const announced = await firstJson(child);
  const workspace = join(folder, 'bench.yaml');
  writeFileSync(workspace, benchWorkspace(readFileSync(join(folder, 'workspace.yaml'), 'utf8'), callbacksUrl));
  const call = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const response = await fetch(`${announced.control}/__sim/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response;
  };
  const linesOf = async (path: string) => {
    const text = await (await call('GET', path)).text();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')]));
  };
  const countsOfAll = async () => (await (await call('GET', 'counts')).json()) as Record<string, Counts>;
  return {
    url: announced[names[0] ?? ''] ?? '',
    pid: child.pid ?? Number.NaN,
    workspace,
    certificate: join(folder, 'certificate.pem'),
    async counts() {
      const [first] = Object.values(await countsOfAll());
      if (first === undefined) throw new Error('the simulator counts nothing');
      return first;
    },
    async reached() {
      return Object.values(await countsOfAll()).reduce((sum, { distinct }) => sum + distinct, 0);
    },
    async reset() {
      await call('POST', 'reset');
    },
    async setFaults(faults) {
      await call('POST', 'faults', faults);
    },
    async targets() {
      const lines = await linesOf('targets');
      return new Map(lines.map(([name, accepted, , target = '']) => [targetOf(name ?? '', target), Number(accepted)]));
    },
    async target(target) {
      const [line] = await linesOf(`targets?provider=${names[0]}&target=${encodeURIComponent(target)}`);
      return line === undefined ? null : { accepted: Number(line[1]), acceptedAt: new Date(line[4] ?? '') };
    },
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Texts and WhatsApp messages go to the same numbers. */
function targetOf(provider: string, target: string): string {
  return target.startsWith('+') ? `${provider} ${target}` : target;
}

interface Simulated {
  apps: { fcm?: object }[];
  subscription_groups?: { id: string; twilio?: object; whatsapp_cloud?: object }[];
}

/**
 * Adds a segment of everybody. Removes the quotas of providers and the limit of broadcasts to one audience, because both
 * would limit measurements.
 */
function benchWorkspace(simulated: string, callbacksUrl: string | undefined): string {
  const { apps, subscription_groups: groups = [] } = parse(simulated) as Simulated;
  const callback = (id: string) => callbacksUrl && { callback_url: `${callbacksUrl}/callbacks/sms/${id}` };
  const fast = groups.map(({ twilio, whatsapp_cloud: chats, ...group }) => ({
    ...group,
    ...(twilio && { twilio: { ...twilio, calls_per_minute: UNLIMITED, ...callback(group.id) } }),
    ...(chats && { whatsapp_cloud: { ...chats, calls_per_minute: UNLIMITED } }),
  }));
  const unlimited = apps.map(({ fcm, ...app }) => ({ ...app, ...(fcm && { fcm: { ...fcm, calls_per_minute: 1e8 } }) }));
  return stringify({
    apps: unlimited,
    ...(fast.length > 0 && { subscription_groups: fast }),
    segments: [{ id: SEGMENT, name: 'Everybody', filter: null }],
    rate_limits: { broadcast_per_audience: 1e6 },
  });
}

/** Reads what `--json` prints, over several lines. */
function firstJson(child: ChildProcess): Promise<Record<string, string>> {
  return new Promise((said, failed) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('}\n')) said(JSON.parse(text) as Record<string, string>);
    });
    child.once('exit', (code) => failed(new Error(`the simulator ended with ${code}`)));
  });
}
