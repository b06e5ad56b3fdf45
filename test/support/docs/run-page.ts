import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startSmtpSink } from '../../../rig/smtp-sink.ts';
import type { TestApp } from '../app.ts';
import { temporaryFolder } from '../command-line.ts';
import { type Bridge, startBridge } from './bridge.ts';
import { differenceOf } from './compare.ts';
import { type Example, examplesOf } from './examples.ts';
import { renderingProblems } from './renderings.ts';
import { type Printed, Shell } from './shell.ts';

export interface PageRun {
  /** Number of blocks that were run, sent, applied or compared. */
  run: number;
  /** Blocks that were not, with the reason that the page gives. */
  notRun: { line: number; reason: string }[];
  /** What is wrong with the others. */
  problems: { line: number; text: string }[];
}

/** Addresses that the pages show, and what stands for them here. */
const PAGE_URL = 'http://127.0.0.1:8080';
const PAGE_FOLDER = '/srv';
const PAGE_MAILS = 'smtp://127.0.0.1:1025';
const controls = { fcm: 8101, apns: 8102, adm: 8103, 'web-push': 8104, control: 8100 };

/** Runs the examples of a page, in order, on `app`. The pages are described in CONTRIBUTING.md. */
export async function runPage(t: TestContext, app: TestApp, markdown: string): Promise<PageRun> {
  const folder = temporaryFolder(t);
  const bridge = await startBridge(t, { DATABASE_URL: app.databaseUrl, CRESSET_SECRET: app.secret });
  app.beforeClose(() => bridge.end());
  const sink = await startSmtpSink();
  app.beforeClose(() => sink.close());
  const page = new PageSession(app, { folder, bridge, mails: sink.url });
  const result: PageRun = { run: 0, notRun: [], problems: [] };
  const before = process.cwd();
  process.chdir(folder); // commands read and write files of the session's folder
  try {
    for (const example of examplesOf(markdown)) {
      const reason = /^not run: (.+)/s.exec(example.mark ?? '')?.[1];
      if (reason !== undefined) result.notRun.push({ line: example.line, reason });
      else {
        if (example.mark !== 'hidden') result.run += 1;
        for (const text of await page.run(example)) result.problems.push({ line: example.line, text });
      }
    }
  } finally {
    process.chdir(before);
  }
  return result;
}

class PageSession {
  readonly #app: TestApp;
  readonly #folder: string;
  readonly #shell: Shell;
  /** What the last commands printed. null: nothing yet, or it was compared. */
  #printed: string | null = null;
  /** What stands on the pages → what it is here. */
  readonly #here: Map<string, string>;
  readonly #values: Map<string, string>;

  constructor(app: TestApp, { folder, bridge, mails }: { folder: string; bridge: Bridge; mails: string }) {
    this.#app = app;
    this.#folder = folder;
    this.#shell = new Shell(folder, { URL: app.url, KEY: app.key, BRIDGE: bridge.url });
    this.#here = new Map([
      [PAGE_URL, app.url],
      [PAGE_FOLDER, folder],
      [PAGE_MAILS, mails],
    ]);
    this.#values = new Map([['KEY', app.key]]);
  }

  /** What is wrong with the example; nothing if it does what the page says. */
  async run(example: Example): Promise<string[]> {
    const { language, mark, isAdjacent, text } = example;
    const [, file] = /^file: (\S+)$/.exec(mark ?? '') ?? [];
    if (file !== undefined) return this.#write(file, text);
    const [, path, status = '201'] = /^POST (\S+)(?: (\d{3}))?$/.exec(mark ?? '') ?? [];
    if (path !== undefined) return this.#post(path, Number(status), text);
    if (mark === 'rendered') return renderingProblems(this.#app, text);
    if (mark === 'in the sandbox') return this.#inSandbox(text);
    if (mark === 'answer' || (isAdjacent && (language === 'json' || language === ''))) return this.#compare(text);
    if (language === 'sh') return this.#command(text, mark);
    if (language === 'console') return this.#dialogue(text, mark);
    if (language === 'yaml') return this.#apply(text);
    if (language === 'js') return this.#script(text);
    return [`nothing says how this block (${language || 'without a language'}) is run; see CONTRIBUTING.md`];
  }

  #write(file: string, text: string): string[] {
    writeFileSync(join(this.#folder, file), text);
    return [];
  }

  async #post(path: string, expected: number, text: string): Promise<string[]> {
    const { status, body } = await this.#app.post(path, this.#resolved(text));
    await this.#settle(JSON.stringify(body));
    return status === expected ? [] : [`the answer was ${status}: ${JSON.stringify(body)}`];
  }

  async #command(text: string, mark: string | null): Promise<string[]> {
    const printed = await this.#shell.run(this.#resolved(text));
    await this.#settle(printed.output);
    return problemsOf(printed, mark);
  }

  /** Lines that begin with `$ ` are commands; what follows is what they print. */
  async #dialogue(text: string, mark: string | null): Promise<string[]> {
    const problems: string[] = [];
    for (const part of text.split(/^\$ /m).slice(1)) {
      const [command = '', ...lines] = part.split('\n');
      const printed = await this.#shell.run(this.#resolved(command));
      await this.#settle(printed.output);
      const shown = lines.join('\n').trim();
      problems.push(...problemsOf(printed, mark), ...(shown === '' ? [] : this.#compare(shown)));
    }
    return problems;
  }

  async #apply(text: string): Promise<string[]> {
    this.#write('page.yaml', this.#resolved(text));
    return this.#command('cresset apply page.yaml', null);
  }

  /** Only reads the script. One that is to run is written as a file, for the commands after it. */
  async #script(text: string): Promise<string[]> {
    this.#write('page.mjs', text);
    return this.#command('node --check page.mjs', null);
  }

  /** Compares with the message of the last dispatch as it went to the sandbox. */
  async #inSandbox(shown: string): Promise<string[]> {
    const { body } = await this.#app.get(`/sandbox/messages?dispatch_id=${this.#values.get('DISPATCH_ID')}`);
    const difference = differenceOf(shown, this.#asOnPages(JSON.stringify(body.messages[0]?.message ?? body)));
    return difference === null ? [] : [difference];
  }

  #compare(shown: string): string[] {
    if (this.#printed === null) return ['there is no answer to compare this block with'];
    const difference = differenceOf(shown, this.#asOnPages(this.#printed));
    return difference === null ? [] : [difference];
  }

  /** Waits until everything is done that the commands began. */
  async #settle(printed: string): Promise<void> {
    this.#printed = printed;
    for (const [name, port] of Object.entries(controls)) {
      const address = new RegExp(`^${name} +(http://127.0.0.1:\\d+)`, 'm').exec(printed)?.[1];
      if (address !== undefined) this.#here.set(`http://127.0.0.1:${port}`, address);
    }
    const dispatchId = /"dispatch_id":"([0-9a-f]{32})"/.exec(printed)?.[1];
    if (dispatchId !== undefined) this.#values.set('DISPATCH_ID', dispatchId);
    await this.#app.refreshCatalog();
    await this.#app.drain();
  }

  /** The commands of a page with what stands for its addresses, and for `NAME=…`, here. */
  #resolved(text: string): string {
    const named = text.replace(/\b([A-Z_]+)=…/g, (all, name: string) => {
      const value = this.#values.get(name);
      return value === undefined ? all : `${name}=${value}`;
    });
    return [...this.#here].reduce((result, [there, here]) => result.replaceAll(there, here), named);
  }

  #asOnPages(text: string): string {
    return [...this.#here].reduce((result, [there, here]) => result.replaceAll(here, there), text);
  }
}

/** A page says with `<!-- answers 409 -->` or `<!-- exits 3 -->` that a command fails on purpose. */
function problemsOf({ code, output, errors, statuses }: Printed, mark: string | null): string[] {
  const wanted = Number(/^answers (\d{3})$/.exec(mark ?? '')?.[1] ?? 0);
  const exit = Number(/^exits (\d+)$/.exec(mark ?? '')?.[1] ?? 0);
  const last = statuses.at(-1) ?? 0;
  const refused = statuses.filter((status) => status >= 400 && status !== wanted);
  return [
    ...(code === exit ? [] : [`the commands ended with ${code}: ${output}${errors}`]),
    ...(refused.length === 0 ? [] : [`the answers were ${statuses.join(', ')}: ${output}`]),
    ...(wanted === 0 || last === wanted ? [] : [`the last answer was ${last}, not ${wanted}: ${output}`]),
  ];
}
