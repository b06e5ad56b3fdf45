import { randomUUID } from 'node:crypto';
import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import {
  dropList,
  type HeldList,
  holdList,
  keepHeld,
  type ListName,
  releaseList,
  storeChunk,
  storedBytes,
} from '../../ledger/lists/uploads.ts';
import type { RawChunk, ReadChunk } from './chunk-maker.ts';
import type { ListSink } from './list-reader.ts';

/** How often a request says that it is still there, in milliseconds. Others may take its list over after a minute. */
const KEEP_MS = 20_000;

export interface TakingDeps {
  db: Database;
  clock: Clock;
  /** Most bytes of lists that a workspace may have stored, as they came, until they are expanded. */
  mostStoredBytes: number;
}

/**
 * Stores a list chunk by chunk, for one request at a time. The chunks that an earlier request with the same key has stored
 * are only compared.
 */
export class StoredList implements ListSink {
  readonly held: HeldList;
  readonly #deps: TakingDeps;
  readonly #workspaceId: number;
  #chunk = 0;
  #keptAtMs: number;

  private constructor(deps: TakingDeps, held: HeldList, workspaceId: number) {
    this.#deps = deps;
    this.held = held;
    this.#workspaceId = workspaceId;
    this.#keptAtMs = deps.clock.now().getTime();
  }

  /** Begins a list, or goes on with the one of the key. Throws RequestError if another request is writing it. */
  static async hold(deps: TakingDeps, { workspaceId, key }: ListName): Promise<StoredList> {
    const ids = { id: randomUUID(), holder: randomUUID(), now: deps.clock.now() };
    const held = await holdList(deps.db, { workspaceId, key }, ids);
    if (held === null) throw new RequestError('idempotency_running', [], 1);
    return new StoredList(deps, held, workspaceId);
  }

  has({ hash, lines }: RawChunk): boolean {
    const stored = this.held.hashes[this.#chunk];
    this.#chunk += 1;
    if (stored === undefined) return false;
    if (hash.equals(stored)) return true;
    const [first, last] = [lines.at(0)?.number, lines.at(-1)?.number];
    throw new RequestError('idempotency_conflict', [
      `Idempotency-Key: lines ${first} to ${last} are not those that are stored under this key; send the same list, or use another key`,
    ]);
  }

  async add({ recipients, ...chunk }: ReadChunk): Promise<void> {
    await this.#makeRoom(chunk.sizeBytes);
    const { db, clock } = this.#deps;
    const place = { chunk: this.#chunk, workspaceId: this.#workspaceId };
    const stored = { ...chunk, ...place, lines: recipients.length, recipients: JSON.stringify(recipients) };
    this.#holding(await storeChunk(db, this.held, stored, clock.now()));
    this.#keptAtMs = clock.now().getTime();
  }

  async keep(): Promise<void> {
    const now = this.#deps.clock.now();
    if (now.getTime() - this.#keptAtMs < KEEP_MS) return;
    this.#keptAtMs = now.getTime();
    this.#holding(await keepHeld(this.#deps.db, this.held, now));
  }

  async drop(): Promise<void> {
    await dropList(this.#deps.db, this.held);
  }

  async release(): Promise<void> {
    await releaseList(this.#deps.db, this.held, this.#deps.clock.now());
  }

  async #makeRoom(sizeBytes: number): Promise<void> {
    const { db, mostStoredBytes } = this.#deps;
    const bytes = await storedBytes(db, this.#workspaceId);
    if (bytes + sizeBytes <= mostStoredBytes) return;
    const problem = `body: the lists of this workspace that wait to be sent have ${bytes} of ${mostStoredBytes} bytes (CRESSET_LIST_BYTES); try again when some are sent`;
    throw new RequestError('queue_full', [problem], 60);
  }

  #holding(isHeld: boolean): void {
    if (!isHeld) throw new RequestError('idempotency_running', [], 1);
  }
}
