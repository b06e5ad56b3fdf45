import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuMs } from './cpu.ts';
import { type Figure, percentile } from './figure.ts';
import { APP, givenPeople, startBenchServer } from './server.ts';

const SENDS = 200;
const WARM = 20;
const REST_MS = 25;
const IDLE_MS = 10_000;

/** Measures an idle system: the time from a request until the mail server has the mail, and the CPU time of doing nothing. */
export async function benchIdle(): Promise<Figure[]> {
  const sink = fork(fileURLToPath(new URL('./arrivals.ts', import.meta.url)));
  const [url] = (await once(sink, 'message')) as [string];
  const server = await startBenchServer(
    `apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail: { default_from: a@acme.test, smtp: { url: "${url}" } }\n`,
  );
  const names = await givenPeople(server, 75);
  const email = { app_id: APP, subject: 'Hi {{${first_name}}}', body: '<p>Hello {{${first_name}}}</p>' };
  const latencies: number[] = [];
  for (let sent = 0; sent < WARM + SENDS; sent += 1) {
    const body = { external_user_ids: [names[sent % names.length]], messages: { email } };
    const start = performance.now();
    // Measured until this process hears of the mail, which is a little too long.
    await Promise.all([arrival(sink, sent + 1), server.post('/messages/send', body)]).then(([at]) => {
      if (sent >= WARM) latencies.push(at - start);
    });
    await rest(REST_MS);
  }
  await rest(2_000);
  const before = cpuMs(server);
  await rest(IDLE_MS);
  const share = (cpuMs(server) - before) / IDLE_MS;
  await server.stop();
  sink.disconnect();
  const p50 = percentile(latencies, 0.5);
  const p99 = percentile(latencies, 0.99);
  return [
    {
      what: 'accept to mail server, idle system, one recipient: p50',
      value: `${p50.toFixed(1)} ms`,
      bar: '10 ms',
      holds: p50 <= 10,
    },
    { what: 'the same: p99', value: `${p99.toFixed(1)} ms`, bar: '50 ms', holds: p99 <= 50 },
    {
      what: 'idle: server and database, share of a core',
      value: `${(share * 100).toFixed(2)} %`,
      bar: '1 %',
      holds: share < 0.01,
    },
  ];
}

function arrival(sink: ChildProcess, total: number): Promise<number> {
  return new Promise((arrived) => {
    sink.on('message', function look(count) {
      if (count !== total) return;
      sink.off('message', look);
      arrived(performance.now());
    });
  });
}

function rest(ms: number): Promise<void> {
  return new Promise((over) => setTimeout(over, ms));
}
