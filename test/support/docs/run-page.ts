import type { TestContext } from 'node:test';
import { startSmtpSink } from '../../../rig/smtp-sink.ts';
import { startTestApp } from '../app.ts';
import { temporaryFolder } from '../command-line.ts';
import { startBridge } from './bridge.ts';
import { type Example, examplesOf } from './examples.ts';
import { PageSession } from './page-session.ts';
import { Shell } from './shell.ts';
import { StandIns } from './stand-ins.ts';

export interface PageRun {
  /** Number of blocks that were run, sent, applied or compared. */
  run: number;
  /** Blocks that were not, with the reason that the page gives. */
  notRun: { line: number; reason: string }[];
  /** What is wrong with the others. */
  problems: { line: number; text: string }[];
}

/** Runs the examples of a page, in order. `session`: default a fresh server with a fresh shell, if an example needs one. */
export async function runPage(t: TestContext, markdown: string, session?: PageSession): Promise<PageRun> {
  const examples = examplesOf(markdown);
  const notRun = examples.flatMap(({ line, mark }) => {
    const reason = /^not run: (.+)/s.exec(mark ?? '')?.[1];
    return reason === undefined ? [] : [{ line, reason }];
  });
  const wanted = examples.filter(({ line }) => !notRun.some((other) => other.line === line));
  const problems = wanted.length === 0 ? [] : await problemsOf(session ?? (await startSession(t)), wanted);
  return { run: wanted.filter(({ mark }) => mark !== 'hidden').length, notRun, problems };
}

async function problemsOf(session: PageSession, examples: readonly Example[]): Promise<PageRun['problems']> {
  const problems: PageRun['problems'] = [];
  for (const example of examples) {
    for (const text of await session.run(example)) problems.push({ line: example.line, text });
  }
  for (const text of await session.run(null)) problems.push({ line: examples.at(-1)?.line ?? 0, text });
  return problems;
}

/** The clock is set, because the simulators of a page have the machine's time. */
export async function startSession(t: TestContext): Promise<PageSession> {
  const app = await startTestApp(t, { startsAt: new Date() });
  const { url, key } = app;
  const folder = temporaryFolder(t);
  const before = process.cwd();
  process.chdir(folder); // commands read and write files of the session's folder
  t.after(() => process.chdir(before));
  const bridge = await startBridge(
    t,
    { DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret },
    () => app.refreshCatalog(), // a machine with too much to do may learn of a change only after the next request
  );
  const mails = await startSmtpSink();
  app.beforeClose(() => mails.close());
  app.beforeClose(() => bridge.end());
  const shell = new Shell(folder, { URL: url, KEY: key, BRIDGE: bridge.url });
  return new PageSession(app, { folder, shell, standIns: new StandIns({ url, folder, mails: mails.url, key }) });
}
