export interface BatcherOptions<Item, Result> {
  /** Does the work of all items at once. Returns one result per item, in order. If it throws, nothing was done. */
  run(items: Item[]): Promise<Result[]>;
  /** Whether the error may be the fault of one item. If so, each item is run alone, and only that one fails. */
  isOnesFault?(error: unknown): boolean;
  /** Most items in one run. */
  maxItems: number;
  /** Size of an item, in the unit of `maxRunSize` and `maxWaitingSize`. Default: 0. */
  sizeOf?(item: Item): number;
  /** Most size of one run. An item that is larger is run alone. Default: no limit. */
  maxRunSize?: number;
  /** Most items that may wait. More are refused with the error of `whenFull`. */
  maxWaiting: number;
  /** Most size of all items that wait, unless none waits. Default: no limit. */
  maxWaitingSize?: number;
  whenFull(): Error;
}

export interface Batcher<Item, Result> {
  (item: Item): Promise<Result>;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
}

interface Waiting<Item, Result> {
  item: Item;
  size: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Runs one batch at a time. Items that arrive during a run go together in the next one (group commit).
 * There is no timer, so a single item never waits for others.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const { maxRunSize = Number.POSITIVE_INFINITY, maxWaitingSize = Number.POSITIVE_INFINITY } = options;
  const waiting: Waiting<Item, Result>[] = [];
  let waitingSize = 0;
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    while (waiting.length > 0) await runTogether(nextBatch());
    running = null;
  }

  function nextBatch(): Waiting<Item, Result>[] {
    let count = 0;
    let size = 0;
    for (const one of waiting) {
      if (count === options.maxItems || (count > 0 && size + one.size > maxRunSize)) break;
      count += 1;
      size += one.size;
    }
    waitingSize -= size;
    return waiting.splice(0, count);
  }

  async function runTogether(batch: Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await options.run(batch.map(({ item }) => item));
      if (results.length !== batch.length) throw new Error(`${batch.length} items gave ${results.length} results`);
      for (const [index, result] of results.entries()) batch[index]?.resolve(result);
    } catch (error) {
      if (batch.length > 1 && options.isOnesFault?.(error)) for (const one of batch) await runTogether([one]);
      else for (const { reject } of batch) reject(error);
    }
  }

  function submit(item: Item): Promise<Result> {
    const size = options.sizeOf?.(item) ?? 0;
    const isFull = waiting.length > 0 && waitingSize + size > maxWaitingSize;
    if (isFull || waiting.length >= options.maxWaiting) return Promise.reject(options.whenFull());
    waitingSize += size;
    return new Promise((resolve, reject) => {
      waiting.push({ item, size, resolve, reject });
      running ??= Promise.resolve().then(drain);
    });
  }

  return Object.assign(submit, {
    async idle() {
      while (running !== null) await running;
    },
  });
}
