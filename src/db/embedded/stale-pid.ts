import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** More than any system gives to a process. */
const NOBODY = 2_147_483_646;

/**
 * After a crash of the machine, or in a new container, the number in `postmaster.pid` may belong to another program by now.
 * PostgreSQL would take that for its predecessor and refuse to start. This puts a number there that no process has. The other
 * lines stay, because PostgreSQL finds by them whether processes of its predecessor still use their memory.
 */
export function forgetStalePid(cluster: string): void {
  const file = join(cluster, 'postmaster.pid');
  if (!existsSync(file)) return;
  const [first = '', ...others] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(first);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  const program = programOf(pid);
  if (program === null || program.startsWith('postgres')) return;
  writeFileSync(file, [NOBODY, ...others].join('\n'));
}

/** The name of a process's program. null: there is no such process, or nobody says. */
function programOf(pid: number): string | null {
  if (process.platform === 'linux') return commandOnLinux(pid);
  const { status, stdout } = spawnSync('ps', ['-o', 'comm=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? basename(stdout.trim()) : null;
}

function commandOnLinux(pid: number): string | null {
  try {
    const [command = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return command === '' ? null : basename(command);
  } catch {
    return null; // It has ended, or is hidden from this account.
  }
}
