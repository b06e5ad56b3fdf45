import { percentile } from '../figure.ts';

/** One request of the console, or of a client. `path`: below `/operator/v1/` with a cookie, else a whole path. */
export interface Asked {
  path: string;
  /** Asked by POST. */
  body?: object;
}

export interface Caller {
  url: string;
  cookie: string;
  key: string;
}

export interface Times {
  p50: number;
  p95: number;
  p99: number;
  most: number;
}

/** Asks for something of the console. Returns the answer. Throws if it is no success. */
export async function ask({ url, cookie, key }: Caller, { path, body }: Asked): Promise<Record<string, unknown>> {
  const isPublic = path.startsWith('/');
  const response = await fetch(isPublic ? url + path : `${url}/operator/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: isPublic ? { authorization: `Bearer ${key}` } : { cookie, 'x-cresset-console': '1' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 400)}`);
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : { text };
}

/**
 * How long a page takes whose requests begin together, in milliseconds, until the last of them is answered. `variants`: the
 * same page for other ids, in turns; each is asked once before any is asked again.
 */
export async function timesOf(caller: Caller, variants: readonly (readonly Asked[])[], rounds: number): Promise<Times> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = variants[round % variants.length] ?? [];
    const start = performance.now();
    await Promise.all(page.map((asked) => ask(caller, asked)));
    times.push(performance.now() - start);
  }
  return summary(times);
}

export function summary(times: number[]): Times {
  const at = (share: number) => percentile(times, share);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: Math.max(...times) };
}
