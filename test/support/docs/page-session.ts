import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestApp } from '../app.ts';
import { differenceOf } from './compare.ts';
import type { Example } from './examples.ts';
import { renderingProblems } from './renderings.ts';
import type { Printed, Shell } from './shell.ts';
import type { StandIns } from './stand-ins.ts';

/** Languages of blocks that show what the block before them printed. */
const outputs = ['json', 'http', 'text', ''];

const knownMark = /^(hidden|answer|in the sandbox|rendered|file: \S+|POST \S+(?: \d{3})?|answers \d{3}|exits \d+)$/;

/** Runs the examples of one page, one after the other, in one shell session. CONTRIBUTING.md describes the marks. */
export class PageSession {
  readonly #app: TestApp;
  readonly #folder: string;
  readonly #shell: Shell;
  readonly #standIns: StandIns;
  /** What the last commands printed. null: nothing yet. */
  #printed: string | null = null;
  /** Warnings in it that the page has not shown. null: there are none. */
  #warned: string | null = null;

  constructor(app: TestApp, { folder, shell, standIns }: { folder: string; shell: Shell; standIns: StandIns }) {
    this.#app = app;
    this.#folder = folder;
    this.#shell = shell;
    this.#standIns = standIns;
  }

  /**
   * What is wrong with the example; nothing if it does what the page says. What the one before was warned of must be shown by
   * this one. null: the page has ended.
   */
  async run(example: Example | null): Promise<string[]> {
    const warned = this.#warned;
    this.#warned = null;
    const isShown = warned === null || /warning/.test(example?.text ?? '');
    const untold = isShown ? [] : [`the answer before has a warning that the page does not show: ${warned}`];
    return example === null ? untold : [...untold, ...(await this.#run(example))];
  }

  async #run(example: Example): Promise<string[]> {
    const { language, mark, isAdjacent, text } = example;
    if (mark !== null && !knownMark.test(mark)) return [`the comment before this block means nothing: ${mark}`];
    const [, file] = /^file: (\S+)$/.exec(mark ?? '') ?? [];
    if (file !== undefined) return this.#write(file, text);
    const [, path, status = '201'] = /^POST (\S+)(?: (\d{3}))?$/.exec(mark ?? '') ?? [];
    if (path !== undefined) return this.#post(path, Number(status), text);
    if (mark === 'rendered') return renderingProblems(this.#app, text);
    if (mark === 'in the sandbox') return this.#inSandbox(text);
    if (mark === 'answer' || (isAdjacent && outputs.includes(language)))
      return this.#compare(text, { json: language === 'json' });
    if (language === 'sh') return this.#command(text, mark);
    if (language === 'console') return this.#dialogue(text, mark);
    if (language === 'yaml') return this.#apply(text);
    if (language === 'js') return this.#script(text);
    return [`nothing says how this block (${language || 'without a language'}) is run; see CONTRIBUTING.md`];
  }

  #write(file: string, text: string): string[] {
    writeFileSync(join(this.#folder, file), this.#standIns.toHere(text));
    return [];
  }

  async #post(path: string, expected: number, text: string): Promise<string[]> {
    const { status, body } = await this.#app.post(path, this.#standIns.toHere(text));
    await this.#settle(JSON.stringify(body));
    return status === expected ? [] : [`the answer was ${status}: ${JSON.stringify(body)}`];
  }

  async #command(text: string, mark: string | null): Promise<string[]> {
    const printed = await this.#execute(text);
    return [...exitProblems([printed], mark), ...statusProblems(printed, mark)];
  }

  /** Lines that begin with `$ ` are commands; the lines below each are what it prints. */
  async #dialogue(text: string, mark: string | null): Promise<string[]> {
    const all: Printed[] = [];
    const problems: string[] = [];
    for (const part of text.split(/^\$ /m).slice(1)) {
      const [, command = '', shown = ''] = /^((?:.*\\\n)*.*)\n?([\s\S]*)$/.exec(part) ?? [];
      const printed = await this.#execute(command);
      all.push(printed);
      problems.push(...statusProblems(printed, mark), ...this.#compare(shown.trim(), { json: false }));
    }
    return [...exitProblems(all, mark), ...problems];
  }

  async #apply(text: string): Promise<string[]> {
    this.#write('page.yaml', text);
    return this.#command('cresset apply page.yaml', null);
  }

  /** Only reads the script. One that is to run is written as a file, for the commands after it. */
  async #script(text: string): Promise<string[]> {
    this.#write('page.mjs', text);
    return this.#command('node --check page.mjs', null);
  }

  /** Compares with the message of the last dispatch as it went to the sandbox. */
  async #inSandbox(shown: string): Promise<string[]> {
    const { body } = await this.#app.get(`/sandbox/messages?dispatch_id=${this.#standIns.dispatchId}`);
    this.#printed = JSON.stringify(body.messages[0]?.message ?? body);
    return this.#compare(shown, { json: true });
  }

  #compare(shown: string, { json }: { json: boolean }): string[] {
    if (this.#printed === null) return ['there is no answer to compare this block with'];
    const difference = differenceOf(shown, this.#standIns.toPage(this.#printed), { json });
    return difference === null ? [] : [difference];
  }

  async #execute(commands: string): Promise<Printed> {
    const printed = await this.#shell.run(this.#standIns.toHere(commands));
    await this.#settle(printed.output);
    return printed;
  }

  /** Waits until everything is done that the commands began. What comes after them is a little later. */
  async #settle(printed: string): Promise<void> {
    this.#printed = printed;
    this.#warned = /"warnings":(\["[^\]]*\])/.exec(printed)?.[1] ?? null;
    this.#standIns.learn(printed);
    await this.#app.refreshCatalog();
    await this.#app.drain();
    this.#app.clock.advance(1);
  }
}

/** A page says with `<!-- exits 3 -->` that one of a block's commands fails on purpose; the others end with 0. */
function exitProblems(all: readonly Printed[], mark: string | null): string[] {
  const wanted = Number(/^exits (\d+)$/.exec(mark ?? '')?.[1] ?? 0);
  const wrong = all.filter(({ code }) => code !== 0 && code !== wanted);
  return [
    ...wrong.map(({ code, output, errors }) => `a command ended with ${code}: ${output}${errors}`),
    ...(all.some(({ code }) => code === wanted) ? [] : [`no command ended with ${wanted}`]),
  ];
}

/** A page says with `<!-- answers 409 -->` that its last request is refused on purpose. */
function statusProblems({ output, statuses }: Printed, mark: string | null): string[] {
  const wanted = Number(/^answers (\d{3})$/.exec(mark ?? '')?.[1] ?? 0);
  const refused = statuses.filter((status) => status >= 400 && status !== wanted);
  const last = statuses.at(-1);
  return [
    ...(refused.length === 0 ? [] : [`the answers were ${statuses.join(', ')}: ${output}`]),
    ...(wanted === 0 || last === wanted ? [] : [`the last answer was ${last}, not ${wanted}: ${output}`]),
  ];
}
