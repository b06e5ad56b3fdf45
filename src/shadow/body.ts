import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { isDeeperThan } from '../lib/raw/json-depth.ts';
import { LARGEST_BODY } from './capture.ts';

const unpackers = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
};

const DEEPEST = 100;

/** The body without its encoding. Throws if it is broken, unpacks to more than LARGEST_BODY, or has an unknown encoding. */
export async function unpacked(bytes: Buffer, encoding: string | null): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity' || bytes.byteLength === 0) return bytes;
  if (!Object.hasOwn(unpackers, name)) throw new Error(`content-encoding ${name} is not known`);
  return await unpackers[name as keyof typeof unpackers](bytes, { maxOutputLength: LARGEST_BODY });
}

/** undefined: it is not JSON, or nested too deeply to be walked. */
export function parsed(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  if (isDeeperThan(DEEPEST, text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `Application/JSON; charset=utf-8` → `application/json`. */
export function mediaTypeOf(contentType: string | null): string {
  return (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
