export interface BatcherOptions<Item, Result> {
  /** Does the work of all items at once; one result per item, in order. A throw means that nothing was done. */
  run(items: Item[]): Promise<Result[]>;
  /** True when the error may be one item's fault: then each runs alone, so that it fails only its own. */
  isOnesFault?(error: unknown): boolean;
  /** Most items of one run. */
  maxItems: number;
  /** Most items that may wait; one more is refused with `whenFull`. */
  maxWaiting: number;
  whenFull(): Error;
}

export interface Batcher<Item, Result> {
  (item: Item): Promise<Result>;
  /** Resolves when nothing waits or runs. */
  idle(): Promise<void>;
}

interface Waiting<Item, Result> {
  item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/**
 * Natural group commit: while one run is under way its followers gather, and go together in the next.
 * No timer, so a lonely item waits for nobody.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let running: Promise<void> | null = null;

  async function drain(): Promise<void> {
    while (waiting.length > 0) await runTogether(waiting.splice(0, options.maxItems));
    running = null;
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
    if (waiting.length >= options.maxWaiting) return Promise.reject(options.whenFull());
    return new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      running ??= Promise.resolve().then(drain);
    });
  }

  return Object.assign(submit, {
    async idle() {
      while (running !== null) await running;
    },
  });
}
