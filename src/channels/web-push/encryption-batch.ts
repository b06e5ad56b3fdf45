import type { Subscription } from './subscription.ts';

/** One message to encrypt. Many jobs go to another thread in one buffer, which is transferred without copying. */
export interface EncryptionJob {
  plaintext: Buffer;
  receiver: Pick<Subscription, 'p256dh' | 'auth'>;
}

const LENGTH_BYTES = 4;
const POINT_BYTES = 65;
const AUTH_BYTES = 16;

/** Layout of each job: length of the plaintext, public key, auth secret, plaintext. */
export function packJobs(jobs: readonly EncryptionJob[]): Uint8Array<ArrayBuffer> {
  const overhead = LENGTH_BYTES + POINT_BYTES + AUTH_BYTES;
  const packed = new Packed(jobs.reduce((sum, { plaintext }) => sum + overhead + plaintext.length, 0));
  for (const { plaintext, receiver } of jobs) {
    packed.length(plaintext.length);
    packed.bytes(receiver.p256dh);
    packed.bytes(receiver.auth);
    packed.bytes(plaintext);
  }
  return packed.whole;
}

export function unpackJobs(packed: Uint8Array<ArrayBuffer>): EncryptionJob[] {
  const jobs: EncryptionJob[] = [];
  for (const reader = new Reader(packed); !reader.isAtEnd; ) {
    const length = reader.length();
    const receiver = { p256dh: reader.bytes(POINT_BYTES), auth: reader.bytes(AUTH_BYTES) };
    jobs.push({ receiver, plaintext: reader.bytes(length) });
  }
  return jobs;
}

/** Layout of each message: length, message. null (an invalid key) has length 0. */
export function packMessages(messages: readonly (Buffer | null)[]): Uint8Array<ArrayBuffer> {
  const packed = new Packed(messages.reduce((sum, message) => sum + LENGTH_BYTES + (message?.length ?? 0), 0));
  for (const message of messages) {
    packed.length(message?.length ?? 0);
    if (message !== null) packed.bytes(message);
  }
  return packed.whole;
}

export function unpackMessages(packed: Uint8Array<ArrayBuffer>): (Buffer | null)[] {
  const messages: (Buffer | null)[] = [];
  for (const reader = new Reader(packed); !reader.isAtEnd; ) {
    const length = reader.length();
    messages.push(length === 0 ? null : reader.bytes(length));
  }
  return messages;
}

class Packed {
  readonly whole: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.whole = new Uint8Array(new ArrayBuffer(size));
    this.#view = new DataView(this.whole.buffer);
  }

  length(value: number): void {
    this.#view.setUint32(this.#at, value);
    this.#at += LENGTH_BYTES;
  }

  bytes(value: Uint8Array): void {
    this.whole.set(value, this.#at);
    this.#at += value.length;
  }
}

class Reader {
  readonly #packed: Buffer<ArrayBuffer>;
  #at = 0;

  constructor({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>) {
    this.#packed = Buffer.from(buffer, byteOffset, length);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#packed.length;
  }

  length(): number {
    this.#at += LENGTH_BYTES;
    return this.#packed.readUInt32BE(this.#at - LENGTH_BYTES);
  }

  bytes(count: number): Buffer {
    this.#at += count;
    return this.#packed.subarray(this.#at - count, this.#at);
  }
}
