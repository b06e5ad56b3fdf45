import type { BytesInHand } from '../lib/limits/bytes-in-hand.ts';

/** Largest body that is kept for comparing, in bytes, packed or unpacked: parsing a larger one would delay callers. */
export const LARGEST_BODY = 1024 * 1024;

/** Why a body was not kept whole. */
export type Lost = 'body_too_large' | 'dropped';

/** Keeps a copy of a body while it passes, as long as there is room for it. */
export class Capture {
  readonly #room: BytesInHand;
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  #release: (() => void)[] = [];
  lost: Lost | null = null;

  constructor(room: BytesInHand) {
    this.#room = room;
  }

  add(chunk: Uint8Array): void {
    if (this.lost !== null) return;
    this.#sizeBytes += chunk.byteLength;
    const isTooLarge = this.#sizeBytes > LARGEST_BODY;
    const release = isTooLarge ? null : this.#room.take(chunk.byteLength);
    if (release === null) {
      this.lost = isTooLarge ? 'body_too_large' : 'dropped';
      this.clear();
      return;
    }
    this.#release.push(release);
    this.#chunks.push(chunk);
  }

  /** Passes chunks on and keeps them. A reader that stops early leaves the source open, because an answer may follow. */
  async *tap(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.add(chunk);
      yield chunk;
    }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Gives the room back. */
  clear(): void {
    for (const release of this.#release) release();
    this.#release = [];
    this.#chunks = [];
  }
}
