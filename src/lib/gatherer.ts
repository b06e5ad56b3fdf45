export interface GathererOptions<Item> {
  /** Does the work of all items at once. If it throws, nothing was done. */
  run(items: Item[]): Promise<void>;
  /** Whether the error may be the fault of one item. If so, each item is run alone, and only that one fails. */
  isOnesFault(error: unknown): boolean;
  /** Most items in one run. When as many wait, the run does not wait for its time. */
  maxItems: number;
  /** Least time from the start of one run to the start of the next, by the machine's clock. */
  everyMs: number;
}

/** `onDone` gets null, or the error with which the item's work failed. */
export type Gatherer<Item> = (item: Item, onDone: (error: unknown) => void) => void;

interface Waiting<Item> {
  item: Item;
  onDone(error: unknown): void;
}

/**
 * Groups work by time: a single item is run at once, items in quick succession share a run. There is one run at a time.
 * It makes no promise per item, for speed. Its callers must bound the number of waiting items.
 */
export function createGatherer<Item>(options: GathererOptions<Item>): Gatherer<Item> {
  let waiting: Waiting<Item>[] = [];
  let isRunning = false;
  let startedAt = 0;
  let timer: NodeJS.Timeout | null = null;

  function look(): void {
    if (isRunning || waiting.length === 0) return;
    const waitMs = waiting.length >= options.maxItems ? 0 : startedAt + options.everyMs - performance.now();
    if (waitMs <= 0) start();
    else
      timer ??= setTimeout(() => {
        timer = null;
        look();
      }, waitMs);
  }

  function start(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = waiting.length <= options.maxItems ? waiting : waiting.slice(0, options.maxItems);
    waiting = waiting.length <= options.maxItems ? [] : waiting.slice(options.maxItems);
    isRunning = true;
    startedAt = performance.now();
    void runTogether(batch).then(() => {
      isRunning = false;
      look();
    });
  }

  async function runTogether(batch: Waiting<Item>[]): Promise<void> {
    let failure: unknown = null;
    try {
      await options.run(batch.map(({ item }) => item));
    } catch (error) {
      if (batch.length > 1 && options.isOnesFault(error)) {
        for (const one of batch) await runTogether([one]);
        return;
      }
      failure = error;
    }
    for (const { onDone } of batch) onDone(failure);
  }

  return (item, onDone) => {
    waiting.push({ item, onDone });
    if (!isRunning && timer === null)
      queueMicrotask(look); // items of the same moment share a run
    else if (waiting.length >= options.maxItems) look();
  };
}
