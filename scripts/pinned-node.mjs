// Plain JavaScript for Node.js 20, because it runs before the pinned Node.js is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stampFile = `${root}node_modules/.cresset-installed`;
const pinnedNode = `${root}node_modules/node/bin/node`;
/** Node.js keeps what it compiled here, so that later starts, and every thread, take half the time. */
const compileCache = `${root}node_modules/.cache/node`;

/** Identifies an installation: the lock file and the kind of machine. */
function wantedStamp() {
  const hash = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  return `${process.platform}-${process.arch} ${hash}`;
}

function isInstalled() {
  return existsSync(pinnedNode) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wantedStamp();
}

function install() {
  process.stderr.write('Installing dependencies (once, about half a minute) …\n');
  const npm = spawnSync('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (npm.error) {
    process.stderr.write(`npm could not be started: ${npm.error.message}\n`);
    process.exit(1);
  }
  if (npm.status !== 0) {
    process.stderr.write('npm ci failed; its message is above. Nothing was started.\n');
    process.exit(npm.status ?? 1);
  }
  if (!existsSync(pinnedNode)) {
    process.stderr.write(
      'The pinned Node.js was not installed: npm must be allowed to run the install script of "node".\n',
    );
    process.exit(1);
  }
  writeFileSync(stampFile, wantedStamp());
}

/**
 * Runs a file with the pinned Node.js and exits with its exit code.
 * The IPC channel tells the child when this process has ended, in whatever way.
 */
export async function runPinned(file, args) {
  if (!isInstalled()) install();
  const child = spawn(pinnedNode, [fileURLToPath(file), ...args], {
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (...how) => resolve(how));
  });
  if (signal !== null) process.stderr.write(`ended by ${signal}\n`);
  process.exit(code ?? 1);
}
