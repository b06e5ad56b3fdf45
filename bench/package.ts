import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageEnv as env, installPackage } from '../rig/installed-package.ts';
import { type Figure, median } from './figure.ts';
import { numberOption } from './options.ts';

const ROUNDS = 10;
const PEOPLE = 10_000;
/** Longest times, in milliseconds. */
const bars = { dev: 5_000, first: 3_000, further: 150, reset: 100 };

/** Times of one process that uses `cresset/testing`, in milliseconds. */
interface DoubleTimes {
  first: number;
  further: number;
  reset: number;
}

/** Measures the installed package: the start of `cresset dev`, and what tests wait for. Its caches are warm. */
export async function benchPackage(): Promise<Figure[]> {
  const people = numberOption('people', PEOPLE);
  const folder = mkdtempSync(join(tmpdir(), 'cresset-package-'));
  try {
    await installPackage(folder);
    writeFileSync(join(folder, 'double.js'), double(people));
    const dev = await rounds(() => timeToFirstSend(folder));
    const doubles = await rounds(async (): Promise<DoubleTimes> => {
      const { stdout } = await promisify(execFile)(process.execPath, ['double.js'], { cwd: folder, env });
      return JSON.parse(stdout);
    });
    const times = (name: keyof DoubleTimes) => doubles.map((one) => one[name]);
    return [
      figure('`npx cresset dev` to the first accepted send', dev, bars.dev),
      figure('`createCresset()`, the first of a process', times('first'), bars.first),
      figure('`createCresset()`, a further one', times('further'), bars.further),
      figure(`\`reset()\` with ${people.toLocaleString('en-US')} people`, times('reset'), bars.reset),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first round fills the caches and is not counted. */
async function rounds<T>(measure: () => Promise<T>): Promise<T[]> {
  const measured: T[] = [];
  for (let round = 0; round <= numberOption('rounds', ROUNDS); round += 1) measured.push(await measure());
  return measured.slice(1);
}

function figure(what: string, times: number[], bar: number): Figure {
  const shown = (ms: number) => `${Math.round(ms)} ms`;
  return {
    what: `${what}: median of ${times.length}`,
    value: `${shown(median(times))} (longest: ${shown(Math.max(...times))})`,
    bar: shown(bar),
    holds: median(times) <= bar,
  };
}

/** From starting the command to the answer to a send to the person that it stores, in milliseconds. */
async function timeToFirstSend(folder: string): Promise<number> {
  const start = performance.now();
  const child = spawn('npx', ['cresset', 'dev', '--port', '0', '--json'], {
    ...{ cwd: folder, env, detached: true },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  try {
    let printed = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      printed += chunk;
      if (printed.includes('\n')) break;
    }
    const { url, api_key } = JSON.parse(printed) as { url: string; api_key: string };
    const webhook = { url: 'https://example.com', request_method: 'POST', body: 'Hello' };
    const answer = await fetch(`${url}/messages/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ external_user_ids: ['ada'], messages: { webhook } }),
    });
    const took = performance.now() - start;
    if (answer.status !== 201) throw new Error(`the send was answered ${answer.status} ${await answer.text()}`);
    return took;
  } finally {
    // npx does not pass signals on, so the whole group gets it, as from Ctrl+C.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGINT');
    await closed;
  }
}

const AT_ONCE = 75;

/** A program that prints DoubleTimes. */
const double = (people: number) => `
import { createCresset } from 'cresset/testing';

const timed = async (work) => {
  const start = performance.now();
  const value = await work();
  return { value, took: performance.now() - start };
};
const first = await timed(() => createCresset());
const further = await timed(() => createCresset());
const { url, key, reset } = further.value;
for (let at = 0; at < ${people}; at += ${AT_ONCE}) {
  const attributes = Array.from({ length: Math.min(${AT_ONCE}, ${people} - at) }, (_, nth) => ({
    external_id: 'person-' + (at + nth),
    first_name: 'Ada',
    email: 'person-' + (at + nth) + '@example.com',
  }));
  const answer = await fetch(url + '/users/track', {
    method: 'POST',
    headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' },
    body: JSON.stringify({ attributes }),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
}
const again = await timed(() => reset());
if ((await further.value.people()).length !== 0) throw new Error('somebody is left');
console.log(JSON.stringify({ first: first.took, further: further.took, reset: again.took }));
await first.value.close();
await further.value.close();
`;
