import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Figure, median, percentile } from './figure.ts';
import { load } from './load.ts';
import { APP, givenPeople, KEY, startBenchServer } from './server.ts';

const ROUNDS = 3;
const workspace = `apps: [{ id: ${APP}, name: iOS, platform: ios }]
rate_limits: { default: 100000000 }
`;

/** Accepting one-recipient sends, everything checked, durably; beside a bare Fastify with one durable insert a request. */
export async function benchAccept(): Promise<Figure[]> {
  // No worker in this process: what is measured is the accepting, as on a machine of its own role.
  const server = await startBenchServer(workspace, { CRESSET_ROLES: 'api' });
  const names = await givenPeople(server, 750);
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  let next = 0;
  const body = () =>
    JSON.stringify({
      external_user_ids: [names[next++ % names.length]],
      messages: {
        email: {
          app_id: APP,
          from: 'a@acme.test',
          subject: 'Hi {{${first_name}}}',
          body: '<p>Hello {{${first_name}}}</p>',
        },
      },
    });
  const target = { url: server.url, path: '/messages/send', headers, body };
  await load({ ...target, connections: 50, forMs: 2_000 }); // warm
  const steady = await load({ ...target, connections: 50, forMs: 8_000, offered: 1_000 });
  const bare = await startBare();
  await load({ ...target, url: bare.url, connections: 50, forMs: 2_000 }); // warm
  const steadyBare = await load({ ...target, url: bare.url, connections: 50, forMs: 8_000, offered: 1_000 });
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push((await load({ ...target, connections: 50, forMs: 4_000 })).perSecond);
    theirs.push((await load({ ...target, url: bare.url, connections: 50, forMs: 4_000 })).perSecond);
  }
  await bare.stop();
  await server.stop();
  const p50 = percentile(steady.latencies, 0.5);
  const p99 = percentile(steady.latencies, 0.99);
  const most = median(ours);
  return [
    {
      what: 'accept, durable, 1,000/s offered: p50',
      value: `${p50.toFixed(1)} ms (bare: ${percentile(steadyBare.latencies, 0.5).toFixed(1)} ms)`,
      bar: '3 ms',
      holds: p50 <= 3,
    },
    {
      what: 'the same: p99',
      value: `${p99.toFixed(1)} ms (bare: ${percentile(steadyBare.latencies, 0.99).toFixed(1)} ms)`,
      bar: '15 ms',
      holds: p99 <= 15,
    },
    { what: 'accept, most, 50 connections', value: `${Math.round(most)}/s`, bar: '5,000/s', holds: most >= 5_000 },
    {
      what: 'the same, against bare Fastify with one durable insert a request',
      value: `${(most / median(theirs)).toFixed(2)} (bare: ${Math.round(median(theirs))}/s)`,
      bar: '—',
      holds: true,
    },
  ];
}

async function startBare(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./bare-accept.ts', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((said) =>
    child.stdout.once('data', (line: Buffer) => said(line.toString().trim())),
  );
  return {
    url,
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.stdin.end();
      await ended;
    },
  };
}
