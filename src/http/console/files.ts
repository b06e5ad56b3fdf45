import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { projectFolder } from '../../lib/project/project-folder.ts';
import type { PageAnswer } from '../page.ts';

/** Where the build of the console is. */
export const consoleFolder = join(projectFolder, 'dist/console');

export interface ConsoleFile {
  type: PageAnswer['type'];
  plain: Buffer;
  zipped: Buffer;
}

const types: Readonly<Record<string, PageAnswer['type']>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The built client, in memory. It is read again when it was built anew. */
export class ConsoleFiles {
  readonly #folder: string;
  #builtMs = 0;
  #index: string | null = null;
  #assets = new Map<string, ConsoleFile>();

  constructor(folder: string = consoleFolder) {
    this.#folder = folder;
  }

  /** The page, as it was built. null: it is not built yet. */
  index(): string | null {
    this.#look();
    return this.#index;
  }

  /** null: there is none of this name. */
  asset(name: string): ConsoleFile | null {
    if (this.#builtMs === 0) this.#look();
    return this.#assets.get(name) ?? null;
  }

  #look(): void {
    const page = join(this.#folder, 'index.html');
    const builtMs = existsSync(page) ? statSync(page).mtimeMs : 0;
    if (builtMs === this.#builtMs) return;
    this.#builtMs = builtMs;
    this.#index = builtMs === 0 ? null : readFileSync(page, 'utf8');
    const assets = join(this.#folder, 'assets');
    const names = builtMs !== 0 && existsSync(assets) ? readdirSync(assets) : [];
    // Only what is there is served, by its name, so no path leads out of the folder.
    this.#assets = new Map(names.flatMap((name) => read(join(assets, name), name)));
  }
}

function read(path: string, name: string): [string, ConsoleFile][] {
  const type = types[name.split('.').at(-1) ?? ''];
  if (type === undefined) return [];
  const plain = readFileSync(path);
  return [[name, { type, plain, zipped: gzipSync(plain, { level: 9 }) }]];
}
