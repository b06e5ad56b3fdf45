import { Pool } from 'undici';

export interface LoadResult {
  /** Milliseconds of each request. */
  latencies: number[];
  perSecond: number;
}

export interface Load {
  url: string;
  path: string;
  headers: Record<string, string>;
  body: () => string;
  connections: number;
  forMs: number;
  /** Requests a second that are offered, answered or not; absent = as fast as the answers come. */
  offered?: number;
}

/** Posts for a while. Latency is counted from when a request was due, so that a stalled server cannot hide. */
export async function load({ url, path, headers, body, connections, forMs, offered }: Load): Promise<LoadResult> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies: number[] = [];
  const start = performance.now();
  async function once(due: number): Promise<void> {
    const response = await pool.request({ method: 'POST', path, headers, body: body() });
    await response.body.dump();
    if (response.statusCode !== 201) throw new Error(`answered ${response.statusCode}`);
    latencies.push(performance.now() - due);
  }
  if (offered === undefined)
    await Promise.all(Array.from({ length: connections }, () => closedLoop(once, start + forMs)));
  else await openLoop(once, { start, forMs, offered });
  const seconds = (performance.now() - start) / 1000;
  await pool.close();
  return { latencies, perSecond: latencies.length / seconds };
}

async function closedLoop(once: (due: number) => Promise<void>, end: number): Promise<void> {
  while (performance.now() < end) await once(performance.now());
}

async function openLoop(
  once: (due: number) => Promise<void>,
  { start, forMs, offered }: { start: number; forMs: number; offered: number },
): Promise<void> {
  const running: Promise<void>[] = [];
  const total = (forMs / 1000) * offered;
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * offered);
    for (; sent < due; sent += 1) running.push(once(start + (sent / offered) * 1000));
    // Sleeping costs a millisecond of precision, which counts as latency; spinning would take a core from what is measured.
    await new Promise((tick) => setTimeout(tick, 1));
  }
  await Promise.all(running);
}
