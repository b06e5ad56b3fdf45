// What `docker build` does, as far as it goes without an engine: the instructions of a Dockerfile, in a chroot.
import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Instruction, Stage } from './dockerfile.ts';

const run = promisify(execFile);
const MOST_OUTPUT_BYTES = 16_777_216;

/** The folders that the base image has and this machine lends while an instruction runs. */
const LENT = ['usr', 'bin', 'sbin', 'lib', 'lib64', 'etc', 'root', 'dev', 'proc'];

/** Makes the folders of this machine visible below ROOT, in a mount namespace of its own, and runs COMMAND there. */
const IN_ROOT = `
set -e
for folder in ${LENT.join(' ')}; do
  [ -e "/$folder" ] || continue
  mkdir -p "$ROOT/$folder"
  mount --rbind "/$folder" "$ROOT/$folder"
done
mkdir -p "$ROOT/opt/node" "$ROOT/tmp"
mount --bind "$NODE_FOLDER" "$ROOT/opt/node"
exec chroot "$ROOT" /bin/sh -e -c 'PATH=/opt/node:/usr/local/bin:/usr/bin:/bin; cd "$WORKDIR"; eval "$COMMAND"'
`;

export interface Build {
  stages: readonly Stage[];
  /** Folder in which each stage gets a folder. */
  folder: string;
  /** Root folders of stages that are there already, by their names. */
  made: Readonly<Record<string, string>>;
  /** Puts into an empty folder what the base image of the last stage has. */
  base(root: string): Promise<void>;
  /** Whether a RUN is left out, because it needs what only the base image has. */
  leavesOut(command: string): boolean;
}

/** Builds every stage that is not there yet. Returns the root folder of the last one. */
export async function build({ stages, folder, made, base, leavesOut }: Build): Promise<string> {
  const roots = new Map(Object.entries(made));
  let root = '';
  for (const stage of stages) {
    if (stage.alias !== null && roots.has(stage.alias)) continue;
    root = join(folder, stage.alias ?? 'image');
    mkdirSync(root, { recursive: true });
    if (stage === stages.at(-1)) await base(root);
    await follow(stage, { root, roots, leavesOut });
    roots.set(stage.alias ?? '', root);
  }
  return root;
}

interface Place {
  root: string;
  roots: ReadonlyMap<string, string>;
  leavesOut: Build['leavesOut'];
}

async function follow({ instructions }: Stage, { root, roots, leavesOut }: Place): Promise<void> {
  let workdir = '/';
  for (const instruction of instructions) {
    if (instruction.name === 'WORKDIR') {
      workdir = instruction.text;
      mkdirSync(join(root, workdir), { recursive: true });
    }
    if (instruction.name === 'COPY') copy(instruction, { root, roots, workdir });
    if (instruction.name === 'RUN' && !leavesOut(instruction.text)) await runIn(root, workdir, instruction.text);
  }
}

/** A folder's content goes into the target, a file into the target if that ends with a slash or is a folder. */
function copy({ flags, text, line }: Instruction, place: Pick<Place, 'root' | 'roots'> & { workdir: string }): void {
  const [source = '', target = '', ...more] = text.split(/\s+/);
  const from = flags.from === undefined ? process.cwd() : place.roots.get(flags.from);
  if (from === undefined || more.length > 0) throw new Error(`line ${line}: COPY ${text} is not understood here`);
  const absolute = target.startsWith('/') ? target : join(place.workdir, target);
  const to = join(place.root, absolute);
  const original = join(from, source);
  const into = !isFolder(original) && (target.endsWith('/') || isFolder(to)) ? join(to, basename(source)) : to;
  mkdirSync(dirname(into), { recursive: true });
  cpSync(original, into, { recursive: true, verbatimSymlinks: true });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function runIn(root: string, workdir: string, command: string): Promise<void> {
  const { TMPDIR: _, ...rest } = process.env;
  const env = { ...rest, ROOT: root, NODE_FOLDER: dirname(process.execPath), WORKDIR: workdir, COMMAND: command };
  await run('unshare', ['--mount', 'sh', '-c', IN_ROOT], { env, maxBuffer: MOST_OUTPUT_BYTES });
}

/** Libraries of the package libc6, which every image of Debian has, whatever Node.js is linked with. */
const LIBC = ['libdl.so.2', 'libnss_files.so.2', 'libpthread.so.0', 'libresolv.so.2', 'librt.so.1'];

/**
 * What `node:…-slim` has that the server needs at run time: Node.js, libraries, a locale, and the account `node`.
 * `programs`: paths of further programs, such as a shell.
 */
export async function slimBase(root: string, programs: readonly string[]): Promise<void> {
  for (const folder of ['dev', 'etc', 'proc', 'tmp', 'usr/local/bin'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n');
  const locale = 'usr/lib/locale/C.utf8'; // of the package libc-bin
  cpSync(join('/', locale), join(root, locale), { recursive: true });
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  copyFile(process.execPath, join(root, 'usr/local/bin/node'));
  for (const program of programs) copyFile(program, join(root, program));
  for (const program of [process.execPath, ...programs]) {
    const { stdout } = await run('ldd', [program]);
    const paths = [...stdout.matchAll(/\/\S+/g)].map(([path]) => path);
    const libc = dirname(paths.find((path) => basename(path) === 'libc.so.6') ?? '/lib/libc.so.6');
    for (const path of [...paths, ...LIBC.map((name) => join(libc, name))]) copyFile(path, join(root, path));
  }
}

/** Copies what the path leads to. */
function copyFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** Names in a folder, or none if it is missing. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
