import { randomUUID } from 'node:crypto';
import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { RawObject } from '../../../lib/raw/json.ts';
import { Problems } from '../../../lib/raw/problems.ts';
import { isBlankLine, LineCutter, type TextLine } from '../../../lib/text-lines.ts';
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
import type { PlannedList } from '../../plan/send-plan.ts';
import { ChunkMaker, type RawChunk, readChunk } from './chunk-maker.ts';
import { MOST_HEAD_BYTES, readObject } from './read-line.ts';

/** Most people of a list. */
const MOST_LINES = 1_000_000;
/** Most warnings of an answer that are about lines. */
const MOST_WARNINGS = 20;
/** How often a request says that it is still there, in milliseconds. Others may take its list over after a minute. */
const KEEP_MS = 20_000;

export interface TakingDeps {
  db: Database;
  clock: Clock;
  /** Most bytes of lists that a workspace may have stored, as they came, until they are expanded. */
  mostStoredBytes: number;
}

export interface ListSource extends ListName {
  bytes: AsyncIterable<Buffer>;
}

/** A list whose end has come. Everything of it is stored but the dispatch. */
export interface TakenList<Head> {
  held: HeldList;
  list: PlannedList;
  head: Head;
  /** Remarks on lines that leave nobody out. */
  warnings: readonly string[];
}

export interface ListReading<Head, Answer> {
  /** Checks the first line, the send. */
  readHead(raw: RawObject): Promise<Head>;
  /** Makes the dispatch, once the whole list is stored. */
  accept(taken: TakenList<Head>): Promise<Answer>;
}

/**
 * Reads a list as it comes and stores it chunk by chunk. The lines that an earlier request with the same key has stored are
 * only compared. A list with a line that cannot be read is refused as a whole, and nothing of it stays; one that broke off
 * stays for the next request with its key. It holds a chunk in memory.
 */
export async function takeList<Head, Answer>(
  deps: TakingDeps,
  source: ListSource,
  reading: ListReading<Head, Answer>,
): Promise<Answer> {
  const { db, clock } = deps;
  const { workspaceId, key } = source;
  const now = clock.now();
  const held = await holdList(db, { workspaceId, key }, { id: randomUUID(), holder: randomUUID(), now });
  if (held === null) throw new RequestError('idempotency_running', [], 1);
  const taking = new Taking(deps, source, held, reading);
  try {
    return await reading.accept(await taking.run());
  } catch (error) {
    if (key === null || taking.isRefused) await dropList(db, held);
    throw error;
  } finally {
    await releaseList(db, held, clock.now());
  }
}

class Taking<Head, Answer> {
  /** True: the list is wrong, so nothing of it may stay. */
  isRefused = false;
  readonly #deps: TakingDeps;
  readonly #source: ListSource;
  readonly #held: HeldList;
  readonly #reading: ListReading<Head, Answer>;
  readonly #chunks = new ChunkMaker();
  #head: { read: Head } | null = null;
  #chunk = 0;
  #lines = 0;
  #warnings: string[] = [];
  #keptAtMs: number;

  constructor(deps: TakingDeps, source: ListSource, held: HeldList, reading: ListReading<Head, Answer>) {
    this.#deps = deps;
    this.#source = source;
    this.#held = held;
    this.#reading = reading;
    this.#keptAtMs = deps.clock.now().getTime();
  }

  async run(): Promise<TakenList<Head>> {
    const cutter = new LineCutter(MOST_HEAD_BYTES);
    for await (const bytes of this.#source.bytes) {
      for (const line of cutter.add(bytes)) await this.#take(line);
      await this.#keep();
    }
    for (const line of cutter.end()) await this.#take(line);
    await this.#finish(this.#chunks.take());
    if (this.#head === null)
      this.#refuse('malformed_body', 'body: expected the send as JSON in the first line, got nothing');
    if (this.#lines === 0)
      this.#refuse('no_recipients', 'body: expected a line for each person after the first line, got none');
    return {
      held: this.#held,
      list: { id: this.#held.id, chunks: this.#chunk, lines: this.#lines },
      head: this.#head.read,
      warnings: this.#warnings,
    };
  }

  async #take(line: TextLine): Promise<void> {
    if (line.bytes !== null && isBlankLine(line.bytes)) return;
    if (this.#head === null) return this.#takeHead(line);
    this.#lines += 1;
    if (this.#lines > MOST_LINES) this.#refuse('bad_request', `body: expected at most ${MOST_LINES} people, got more`);
    const full = this.#chunks.add(line);
    if (full !== null) await this.#finish(full);
  }

  async #takeHead(line: TextLine): Promise<void> {
    await this.#refusing(async () => {
      const problems = new Problems();
      const raw = readObject(line, MOST_HEAD_BYTES, problems);
      problems.throwIfAny();
      this.#head = { read: await this.#reading.readHead(raw ?? {}) };
    });
  }

  /** Stores a chunk, or compares it with what is stored. */
  async #finish(raw: RawChunk | null): Promise<void> {
    if (raw === null) return;
    const stored = this.#held.hashes[this.#chunk];
    this.#chunk += 1;
    if (stored !== undefined) return this.#compare(raw, stored);
    const { chunk, warnings } = await this.#refusing(async () => readChunk(raw));
    this.#warnings.push(...warnings.slice(0, MOST_WARNINGS - this.#warnings.length));
    await this.#makeRoom(chunk.sizeBytes);
    const { db, clock } = this.#deps;
    const { workspaceId } = this.#source;
    this.#holding(await storeChunk(db, this.#held, { ...chunk, chunk: this.#chunk, workspaceId }, clock.now()));
    this.#keptAtMs = clock.now().getTime();
  }

  #compare({ hash, lines }: RawChunk, stored: Buffer): void {
    if (hash.equals(stored)) return;
    const [first, last] = [lines.at(0)?.number, lines.at(-1)?.number];
    throw new RequestError('idempotency_conflict', [
      `Idempotency-Key: lines ${first} to ${last} are not those that are stored under this key; send the same list, or use another key`,
    ]);
  }

  async #makeRoom(sizeBytes: number): Promise<void> {
    const { db, mostStoredBytes } = this.#deps;
    const bytes = await storedBytes(db, this.#source.workspaceId);
    if (bytes + sizeBytes <= mostStoredBytes) return;
    const problem = `body: the lists of this workspace that wait to be sent have ${bytes} of ${mostStoredBytes} bytes (CRESSET_LIST_BYTES); try again when some are sent`;
    throw new RequestError('queue_full', [problem], 60);
  }

  async #keep(): Promise<void> {
    const now = this.#deps.clock.now();
    if (now.getTime() - this.#keptAtMs < KEEP_MS) return;
    this.#keptAtMs = now.getTime();
    this.#holding(await keepHeld(this.#deps.db, this.#held, now));
  }

  #holding(isHeld: boolean): void {
    if (!isHeld) throw new RequestError('idempotency_running', [], 1);
  }

  async #refusing<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      this.isRefused = error instanceof RequestError;
      throw error;
    }
  }

  #refuse(code: 'bad_request' | 'malformed_body' | 'no_recipients', problem: string): never {
    this.isRefused = true;
    throw new RequestError(code, [problem]);
  }
}
