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
  if (!existsSync(pinnedNode)) return false;
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wantedStamp()) return true;
  return isInstalledByNpm();
}

/**
 * Whether a completed `npm ci` of somebody else left this installation. npm writes the list of what it installed last, without
 * packages for other machines.
 */
function isInstalledByNpm() {
  const listFile = `${root}node_modules/.package-lock.json`;
  if (!existsSync(listFile)) return false;
  const { '': _, ...wanted } = packagesOf(`${root}package-lock.json`);
  const installed = packagesOf(listFile);
  return (
    Object.keys(installed).every((path) => path in wanted) &&
    Object.entries(wanted).every(([path, { version, integrity, ...of }]) => {
      const found = installed[path];
      if (found === undefined) return of.optional === true && !isForThisMachine(of);
      return found.version === version && found.integrity === integrity;
    })
  );
}

function packagesOf(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

/** Whether a package was built for this kind of machine. Packages for one libc may be for another one, so they do not count. */
function isForThisMachine({ os = [], cpu = [], libc }) {
  return libc === undefined && os.includes(process.platform) && cpu.includes(process.arch);
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
