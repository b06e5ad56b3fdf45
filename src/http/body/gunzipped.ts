import { createGunzip } from 'node:zlib';
import { RequestError } from '../../errors.ts';

/** A list of people comes out ten to a hundred times as large as it came in. What grows more is made to fill a server. */
const MOST_GROWTH = 200;
/** Bytes that may come out of anything. */
const FREE_BYTES = 1_048_576;

/**
 * The bytes of a gzip stream, unpacked as they are asked for. It reads no further than its reader, and holds some 100 kB.
 * Throws RequestError if the bytes are not gzip, end too early, or unpack to more than 200 times as many.
 */
export async function* gunzipped(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacker = new Unpacker();
  try {
    for await (const chunk of packed) yield* unpacker.unpack(chunk);
    yield* unpacker.rest();
  } finally {
    unpacker.close();
  }
}

class Unpacker {
  readonly #gunzip = createGunzip();
  #bytesIn = 0;
  #bytesOut = 0;
  #failure: Error | null = null;
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor() {
    this.#gunzip.on('readable', () => this.#wake());
    this.#gunzip.on('end', () => {
      this.#isOver = true;
      this.#wake();
    });
    this.#gunzip.on('error', (error) => {
      this.#failure = error;
      this.#wake();
    });
  }

  async *unpack(chunk: Buffer): AsyncGenerator<Buffer> {
    this.#bytesIn += chunk.length;
    let isTaken = false;
    this.#gunzip.write(chunk, () => {
      isTaken = true;
      this.#wake();
    });
    yield* this.#read(() => isTaken);
    if (this.#isOver) throw refusal('gzip, and nothing after its end');
  }

  async *rest(): AsyncGenerator<Buffer> {
    this.#gunzip.end();
    yield* this.#read(() => false);
  }

  close(): void {
    this.#gunzip.destroy();
  }

  async *#read(isEnough: () => boolean): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#failure !== null) throw refusal('gzip, as Content-Encoding says', this.#failure);
      const bytes: Buffer | null = this.#gunzip.read();
      if (bytes !== null) yield this.#counted(bytes);
      else if (this.#isOver || isEnough()) return;
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  #counted(bytes: Buffer): Buffer {
    this.#bytesOut += bytes.length;
    if (this.#bytesOut > FREE_BYTES + MOST_GROWTH * this.#bytesIn)
      throw refusal(`gzip that unpacks to at most ${MOST_GROWTH} times its bytes`);
    return bytes;
  }
}

function refusal(expected: string, cause?: Error): RequestError {
  const error = new RequestError('bad_request', [`body: expected ${expected}`]);
  if (cause !== undefined) error.cause = cause;
  return error;
}
