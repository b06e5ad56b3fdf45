import type { Db } from '../db/database.ts';
import { sql } from '../db/sql.ts';
import { BoundedCache, type CacheBounds } from '../lib/bounded-cache.ts';
import { type ContentPins, contentOf, type Pin, type PinnedContent, textsIn } from './pins.ts';

/** Most bytes of texts that a thread keeps. */
const MOST_KEPT_BYTES = 32 * 1_048_576;
/** Memory of a text beyond its characters. */
const TEXT_BYTES = 512;

/** Reads stored texts, and keeps those that were used last, within a bound in bytes. Since they never change, none is ever stale. */
export class StoredTexts {
  readonly #kept: BoundedCache<string, unknown>;

  constructor(bounds: CacheBounds = { mostBytes: MOST_KEPT_BYTES }) {
    this.#kept = new BoundedCache(bounds);
  }

  /** Size of all texts kept. */
  get sizeBytes(): number {
    return this.#kept.sizeBytes;
  }

  /** The texts of these pins, by id; those that do not exist are missing. The caller bounds their size. */
  async read(db: Db, pins: readonly Pin[]): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    for (const { id } of pins) {
      const text = this.#kept.get(id);
      if (text !== undefined) found.set(id, text);
    }
    const missing = [...new Set(pins.map(({ id }) => id).filter((id) => !found.has(id)))];
    if (missing.length === 0) return found;
    const rows = await db.prepared<{ id: string; content: string }>(
      'read_content_texts',
      sql`select id, content::text as content from content_texts where id = any(${missing}::uuid[])`,
    );
    for (const { id, content } of rows) {
      const text: unknown = JSON.parse(content);
      found.set(id, text);
      this.#kept.set(id, text, TEXT_BYTES + 2 * content.length);
    }
    return found;
  }

  /** The content of these pins if all its texts are kept; else null. */
  kept(pins: ContentPins): PinnedContent | null {
    const found = new Map<string, unknown>();
    for (const { id } of textsIn(pins)) {
      const text = this.#kept.get(id);
      if (text === undefined) return null;
      found.set(id, text);
    }
    return contentOf(pins, found);
  }
}
