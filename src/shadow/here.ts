import { Pool } from 'undici';
import { isObject, own } from '../lib/raw/json.ts';
import { mediaTypeOf, parsed } from './body.ts';
import { LARGEST_BODY } from './capture.ts';
import type { Compared } from './differences.ts';
import { endpointsOf, type FindEndpoint } from './endpoints.ts';

/** The Cresset to compare with cannot be used. The message is for the person at the terminal. */
export class CressetUnusableError extends Error {
  override name = 'CressetUnusableError';
}

const ANSWER_MS = 30_000;
/** The document that says which endpoints there are is larger than answers. */
const LARGEST_DOCUMENT = 16 * 1024 * 1024;

export interface Repeated {
  method: 'GET' | 'POST';
  /** With its query. */
  url: string;
  body: Buffer;
  contentType: string | null;
}

export interface AnsweredHere extends Compared {
  body: Buffer;
  isTooLarge: boolean;
}

/** The Cresset that gets what the original gets. */
export interface Here {
  findEndpoint: FindEndpoint;
  /** Throws when no answer comes within 30 seconds. */
  repeat(request: Repeated): Promise<AnsweredHere>;
  close(): Promise<void>;
}

/** Asks the Cresset which endpoints it has. Throws CressetUnusableError. */
export async function openHere({ url, key }: { url: URL; key: string }): Promise<Here> {
  const pool = new Pool(url.origin, { headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS });
  try {
    const findEndpoint = endpointsOf(await readPaths(pool));
    return { findEndpoint, repeat: (request) => repeat(pool, key, request), close: () => pool.destroy() };
  } catch (cause) {
    await pool.destroy();
    const { message } = cause as Error;
    throw new CressetUnusableError(`${url.origin}/openapi.json: ${message}. Is a Cresset running there?`, { cause });
  }
}

async function readPaths(pool: Pool): Promise<Record<string, object>> {
  const { statusCode, body } = await pool.request({ method: 'GET', path: '/openapi.json' });
  const { bytes } = await readAtMost(LARGEST_DOCUMENT, body);
  const document: unknown = statusCode === 200 ? JSON.parse(bytes.toString('utf8')) : null;
  const paths = isObject(document) ? own(document, 'paths') : undefined;
  if (!isObject(paths)) throw new Error(`expected an OpenAPI document, got status ${statusCode}`);
  return Object.fromEntries(Object.entries(paths).filter((entry): entry is [string, object] => isObject(entry[1])));
}

async function repeat(pool: Pool, key: string, { method, url, body, contentType }: Repeated): Promise<AnsweredHere> {
  const answer = await pool.request({
    ...{ method, path: url, signal: AbortSignal.timeout(ANSWER_MS) },
    headers: { authorization: `Bearer ${key}`, ...(contentType !== null && { 'content-type': contentType }) },
    ...(body.byteLength > 0 && { body }),
  });
  const { bytes, isTooLarge } = await readAtMost(LARGEST_BODY, answer.body);
  const type = answer.headers['content-type'];
  return {
    ...{ status: answer.statusCode, mediaType: mediaTypeOf(typeof type === 'string' ? type : null) },
    ...{ json: isTooLarge ? undefined : parsed(bytes), body: bytes, isTooLarge },
  };
}

async function readAtMost(most: number, body: AsyncIterable<Buffer>): Promise<{ bytes: Buffer; isTooLarge: boolean }> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > most) return { bytes: Buffer.alloc(0), isTooLarge: true };
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), isTooLarge: false };
}
