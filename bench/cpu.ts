import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TICK_MS = 10; // USER_HZ of every Linux in use

/** Milliseconds of processor time that a database server and its processes have used so far. Linux only; else 0. */
export function databaseCpuMs(dataDirectory: string): number {
  if (process.platform !== 'linux') return 0;
  const [postmaster] = readFileSync(join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
  let ticks = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = statOf(pid);
    if (stat !== null && (pid === postmaster || stat.parent === postmaster)) ticks += stat.ticks;
  }
  return ticks * TICK_MS;
}

function statOf(pid: string): { parent: string; ticks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: fields[1] ?? '', ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null; // it has ended meanwhile
  }
}
