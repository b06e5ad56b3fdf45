import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import nodemailer from 'nodemailer';
import { type Figure, median } from './figure.ts';
import { isVerbose, numberOption, profileFolder } from './options.ts';
import { APP, type BenchServer, givenPeople, startBenchServer } from './server.ts';

const ROUNDS = numberOption('rounds', 3);
const BAR = 1;
const line = '<p>The quick brown fox jumps over the lazy dog, and über the moon.</p>\n';

/** `lines` of 72 bytes each. */
const cases = [
  { name: '10 KB HTML', lines: 140, people: 3_000 },
  { name: '100 KB HTML', lines: 1_400, people: 1_000 },
];

interface Mails {
  names: string[];
  htmlFor(name: string): string;
}

/** Sends mails through the whole server, against a bare nodemailer pool that is fed from memory. */
export async function benchEmail(): Promise<Figure[]> {
  const sink = await startSink();
  const server = await startBenchServer(
    `apps: [{ id: ${APP}, name: iOS, platform: ios }]\nemail: { default_from: a@acme.test, smtp: { url: "${sink.url}" } }\n`,
    profileFolder === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` },
  );
  const all = await givenPeople(server, Math.max(...cases.map(({ people }) => people)));
  const figures: Figure[] = [];
  for (const { name, lines, people } of cases) {
    const filler = line.repeat(lines);
    const htmlFor = (who: string) => `<html><body><h1>Hello ${who}</h1>\n${filler}</body></html>`;
    figures.push(await measure(server, sink, name, { names: all.slice(0, people), htmlFor }));
  }
  await server.stop();
  sink.child.kill();
  return figures;
}

async function measure(server: BenchServer, sink: Sink, name: string, mails: Mails): Promise<Figure> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    ours.push(await sendOurs(server, mails, sink));
    bare.push(await sendBare(mails, sink));
    if (isVerbose) console.error('email', name, ours.at(-1), bare.at(-1));
  }
  const [, ...warmOurs] = ours;
  const [, ...warmBare] = bare;
  // Ratios of rounds that ran one after the other, so that other work on the machine disturbs both alike.
  const ratio = median(warmOurs.map((rate, round) => rate / (warmBare[round] ?? Number.NaN)));
  return {
    what: `email over SMTP, ${name}, against a bare nodemailer pool fed from memory`,
    value: `${ratio.toFixed(2)} (${Math.round(median(warmOurs))}/s, bare ${Math.round(median(warmBare))}/s)`,
    bar: BAR.toFixed(2),
    holds: ratio >= BAR,
  };
}

async function sendOurs(server: BenchServer, { names, htmlFor }: Mails, sink: Sink): Promise<number> {
  const email = { app_id: APP, subject: 'Hello {{${first_name}}}', body: htmlFor('{{${first_name}}}') };
  const start = performance.now();
  const all = sink.after(names.length);
  const requests: Promise<unknown>[] = [];
  for (let at = 0; at < names.length; at += 50) {
    requests.push(server.post('/messages/send', { external_user_ids: names.slice(at, at + 50), messages: { email } }));
  }
  await Promise.all(requests);
  await all;
  return names.length / ((performance.now() - start) / 1000);
}

async function sendBare({ names, htmlFor }: Mails, sink: Sink): Promise<number> {
  const transport = nodemailer.createTransport({
    url: sink.url,
    pool: true,
    maxConnections: 10,
    maxMessages: Number.POSITIVE_INFINITY,
  });
  const start = performance.now();
  const all = sink.after(names.length);
  await Promise.all(
    names.map((name) =>
      transport.sendMail({
        from: 'a@acme.test',
        to: `${name}@example.test`,
        subject: `Hello Name ${name}`,
        html: htmlFor(`Name ${name}`),
        text: `Hello ${name}`,
      }),
    ),
  );
  await all;
  transport.close();
  return names.length / ((performance.now() - start) / 1000);
}

interface Sink {
  url: string;
  child: ChildProcess;
  /** Resolves once this many more mails have arrived. */
  after(count: number): Promise<void>;
}

/** Starts the mail server in its own process, so that it takes no time from the loops that are compared. */
async function startSink(): Promise<Sink> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./sink.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const url = await new Promise<string>((said) => child.once('message', (message) => said(String(message))));
  return {
    url,
    child,
    after: (count) =>
      new Promise((resolve) => {
        child.once('message', () => resolve());
        child.send(count);
      }),
  };
}
