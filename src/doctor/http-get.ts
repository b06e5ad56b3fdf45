/** An answer to a GET. */
export interface Got {
  status: number;
  /** The body, if it is JSON; else null. */
  json: unknown;
  /** How far the other side's clock is ahead of ours, in milliseconds. null: it did not say. */
  skewMs: number | null;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 65_536;

/** Gets a URL, and follows no redirect. Throws the network's error. */
export async function get(url: string): Promise<Got> {
  const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const date = Date.parse(response.headers.get('date') ?? '');
  // A date has whole seconds.
  const skewMs = Number.isNaN(date) ? null : date + 500 - Date.now();
  return { status: response.status, json: parse(await beginning(response)), skewMs };
}

async function beginning(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
