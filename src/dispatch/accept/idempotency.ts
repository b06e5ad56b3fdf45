import { createHash } from 'node:crypto';
import type { Db } from '../../db/database.ts';
import { sql } from '../../db/sql.ts';
import { RequestError } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { undashed } from '../../lib/uuid.ts';
import { IDEMPOTENCY_MS } from './accept.ts';

export interface IdempotentRequest {
  workspaceId: number;
  path: string;
  key: string;
  bodyHash: Buffer;
}

/** Recognizes repetitions of a request by their `Idempotency-Key`. Source: send.md §14. */
export interface Idempotency {
  /** null: the caller sent no key. Throws if the key is not 1 to 255 visible ASCII characters. */
  read(
    header: string | string[] | undefined,
    request: { workspaceId: number; path: string; rawBody: Buffer },
  ): IdempotentRequest | null;
  /** The answer given before. null: this is a first request. Throws if the key stands for another body. */
  answered(request: IdempotentRequest): Promise<object | null>;
  /** Runs `work`. Throws if a request with the same key is running. */
  once<T>(request: IdempotentRequest | null, work: () => Promise<T>): Promise<T>;
}

interface StoredAnswer extends Record<string, unknown> {
  body_hash: Buffer;
  answer: object;
  dispatch_id: string;
  created_at: Date;
}

export function createIdempotency({ db, clock }: { db: Db; clock: Clock }): Idempotency {
  const running = new Set<string>();
  const nameOf = ({ workspaceId, path, key }: IdempotentRequest) => `${workspaceId} ${path} ${key}`;
  return {
    read(header, { workspaceId, path, rawBody }) {
      if (header === undefined) return null;
      if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) {
        throw new RequestError('bad_request', ['Idempotency-Key: expected 1 to 255 visible ASCII characters']);
      }
      return { workspaceId, path, key: header, bodyHash: createHash('sha256').update(rawBody).digest() };
    },

    async answered(request) {
      if (running.has(nameOf(request))) throw new RequestError('idempotency_running', [], 1);
      const stored = await db.maybeOne<StoredAnswer>(sql`
        select body_hash, answer, dispatch_id, created_at
          from idempotency_keys
         where workspace_id = ${request.workspaceId} and path = ${request.path} and key = ${request.key}
           and created_at > ${new Date(clock.now().getTime() - IDEMPOTENCY_MS)}`);
      if (stored === null) return null;
      if (!stored.body_hash.equals(request.bodyHash)) throw conflictWith(stored);
      return stored.answer;
    },

    async once(request, work) {
      if (request === null) return work();
      const name = nameOf(request);
      if (running.has(name)) throw new RequestError('idempotency_running', [], 1);
      running.add(name);
      try {
        return await work();
      } finally {
        running.delete(name);
      }
    },
  };
}

function conflictWith({ dispatch_id, created_at }: StoredAnswer): RequestError {
  const first = `of dispatch ${undashed(dispatch_id)}, accepted at ${created_at.toISOString()}`;
  return new RequestError('idempotency_conflict', [`Idempotency-Key: expected the body ${first}, got another`]);
}

/** Finds the dispatches that were accepted with a key within a day. Each endpoint has keys of its own. */
export async function dispatchesOfKey(
  db: Db,
  { workspaceId, paths, key }: Pick<IdempotentRequest, 'workspaceId' | 'key'> & { paths: readonly string[] },
  now: Date,
): Promise<string[]> {
  const found = await db.query<{ dispatch_id: string }>(sql`
    select dispatch_id
      from idempotency_keys
     where workspace_id = ${workspaceId} and path = any(${[...paths]}::text[]) and key = ${key}
       and created_at > ${new Date(now.getTime() - IDEMPOTENCY_MS)}`);
  return found.map(({ dispatch_id }) => dispatch_id);
}

/** Deletes keys that were stored before an instant. */
export async function forgetKeys(db: Db, before: Date): Promise<void> {
  await db.run(sql`delete from idempotency_keys where created_at < ${before}`);
}
