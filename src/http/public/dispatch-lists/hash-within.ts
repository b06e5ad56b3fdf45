import { createHash } from 'node:crypto';
import { RequestError } from '../../../errors.ts';

/** A body that is hashed while it is read. */
export interface HashedBody {
  /** The bytes, once. Throws RequestError if there are too many. */
  read(): AsyncIterable<Buffer>;
  /** SHA-256 of all bytes. To be asked once, after the last. */
  hash(): Buffer;
}

export function hashWithin(bytes: AsyncIterable<Buffer>, mostBytes: number): HashedBody {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  async function* read(): AsyncGenerator<Buffer> {
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > mostBytes)
        throw new RequestError('body_too_large', [`body: expected at most ${mostBytes} bytes, got more`]);
      hash.update(chunk);
      yield chunk;
    }
  }
  return { read, hash: () => hash.digest() };
}
