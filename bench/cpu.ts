import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** CPU time, in milliseconds, that all threads and processes of a server and its embedded database have used. Linux only. */
export function cpuMs({ pid, dataDir }: { pid: number; dataDir: string }): number {
  return usedBy(String(pid)) + databaseCpuMs(join(dataDir, 'postgres'));
}

/** CPU time, in milliseconds, of a PostgreSQL server. `folder`: its data folder. */
export function databaseCpuMs(folder: string): number {
  const postmaster = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ours = processes.filter((name) => Number(name) === postmaster || parentOf(name) === postmaster);
  return ours.reduce((sum, name) => sum + usedBy(name), 0);
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s*(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]);
}

function usedBy(pid: string): number {
  return threadsOf(pid).reduce(
    (sum, thread) => sum + Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0]) / 1e6,
    0,
  );
}

/** The threads of a process. None if it has ended meanwhile. */
function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** The contents of a file. Empty if the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Most resident memory of a process so far, in MB. Linux only. */
export function peakMemoryMb(pid: number): number {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}
