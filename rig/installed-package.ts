// The package as somebody gets it: packed, and installed into an empty folder without running scripts.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const { PATH = '', HOME = '' } = process.env;

/** The environment of its commands: nothing of ours but the Node.js that runs this. */
export const packageEnv = { PATH: `${dirname(process.execPath)}${delimiter}${PATH}`, HOME };

/** How this machine reaches a registry: by a proxy, or with authorities of its own. */
const ofTheNetwork =
  /^(node_extra_ca_certs|ssl_cert_(file|dir)|(https?|no)_proxy|npm_config_(registry|cafile|\w*proxy))$/i;
const npmEnv = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => ofTheNetwork.test(name))),
  ...packageEnv,
};

// A registry that falls silent is asked again soon, not after the five minutes that npm waits.
const patience = ['--fetch-timeout=20000', '--fetch-retries=5'];
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

export function packageVersion(): string {
  return JSON.parse(readFileSync('package.json', 'utf8')).version;
}

/** Packs the clone and installs it into `folder`, from the cache of npm where that has the dependencies. */
export async function installPackage(folder: string): Promise<void> {
  await run('npm', ['pack', '--pack-destination', folder, ...quiet], { env: npmEnv });
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const tarball = join(folder, `cresset-${packageVersion()}.tgz`);
  const options = ['--prefer-offline', '--ignore-scripts', ...patience, ...quiet];
  await run('npm', ['install', tarball, ...options], { cwd: folder, env: npmEnv });
}
