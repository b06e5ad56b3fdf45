// What `docker run --read-only` does, as far as it goes without an engine: namespaces, a read-only root, another account.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import type { ImageConfig } from './dockerfile.ts';

/**
 * Begins as process 1 and becomes the server. If the image has an init, it stays process 1 in its place: it passes SIGTERM on
 * and takes note of every process that ends.
 */
const AS_PROCESS_1 = `
set -e
root=$1 workdir=$2 uid=$3 gid=$4 init=$5 volume=$6 folder=$7
shift 7
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero random urandom; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/dev/shm"
[ -z "$volume" ] || mount --bind "$folder" "$root$volume"
mount -o remount,bind,ro "$root"
set -- setpriv --no-new-privs unshare "--root=$root" "--wd=$workdir" "--setgid=$gid" "--setuid=$uid" "$@"
[ "$init" = yes ] || exec "$@"
set +e
"$@" &
child=$!
trap 'kill -TERM $child' TERM
while :; do
  wait $child
  code=$?
  kill -0 $child 2>/dev/null || exit $code
done
`;

export interface Running {
  url: string;
  /** Its log so far. */
  log(): string;
  /** Process id of the container's process 1, as this machine knows it. */
  processId: number;
  /** Sends SIGTERM to process 1, as `docker stop` does. Resolves with the exit code. */
  stop(): Promise<number>;
}

export interface ContainerOptions {
  root: string;
  config: ImageConfig;
  env: Readonly<Record<string, string>>;
  /** The folder that the image's volume is. */
  volume?: string;
}

/** Runs an image's command. Resolves when the server listens, or with its exit code and log. */
export async function runContainer(
  t: TestContext,
  { root, config, env, volume = '' }: ContainerOptions,
): Promise<Running | { code: number; log: string }> {
  const [uid = '', gid = ''] = config.user.split(':');
  const hasInit = config.command[0] === 'tini';
  const command = hasInit ? config.command.slice(2) : config.command;
  const place = [root, config.workdir, uid, gid, hasInit ? 'yes' : 'no', config.volumes[0] ?? '', volume];
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL'];
  const child = spawn('/usr/bin/unshare', [...namespaces, 'sh', '-c', AS_PROCESS_1, 'sh', ...place, ...command], {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...config.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr.on('data', (chunk) => (log += chunk));
  const ended = once(child, 'close').then(([code]) => Number(code ?? 1));
  for await (const line of createInterface(child.stdout)) {
    log += `${line}\n`;
    const [, url] = /^Cresset is listening on (http:\/\/\S+?)[.,]?$/.exec(line) ?? [];
    if (url !== undefined) return running(child, { url, log: () => log, ended });
  }
  return { code: await ended, log };
}

function running(
  child: ChildProcess,
  { url, log, ended }: { url: string; log(): string; ended: Promise<number> },
): Running {
  const outer = child.pid;
  const processId = Number(readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim());
  return {
    url,
    log,
    processId,
    async stop() {
      process.kill(processId, 'SIGTERM');
      return ended;
    },
  };
}
