import type { Entry } from './entry.ts';

/** Records that one transaction applies and records as done. A file is always cut into the same batches. */
export interface Batch {
  number: number;
  entries: Entry[];
}

export interface BatchLimits {
  records: number;
  bytes: number;
}

/** 500 records, because each address of a batch takes a lock in PostgreSQL's shared table, which holds about 8,000. */
export const batchLimits: BatchLimits = { records: 500, bytes: 4 * 1024 * 1024 };

export async function* cutBatches(groups: AsyncIterable<Entry[]>, limits: BatchLimits): AsyncGenerator<Batch> {
  let number = 0;
  let entries: Entry[] = [];
  let bytes = 0;
  for await (const group of groups) {
    for (const entry of group) {
      entries.push(entry);
      bytes += entry.sizeBytes;
      if (entries.length < limits.records && bytes < limits.bytes) continue;
      yield { number, entries };
      number += 1;
      entries = [];
      bytes = 0;
    }
  }
  if (entries.length > 0) yield { number, entries };
}
