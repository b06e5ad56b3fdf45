export interface GathererOptions<Item> {
  /** Does the work of all items at once. A throw means that nothing was done. */
  run(items: Item[]): Promise<void>;
  /** True when the error may be one item's fault: then each runs alone, so that it fails only its own. */
  isOnesFault(error: unknown): boolean;
  /** Most items of one run; as many do not wait. */
  maxItems: number;
  /** At least so long from the start of one run to the start of the next, of the machine's own time. */
  everyMs: number;
}

/** `onDone` gets null, or the error that the item's work ended with. */
export type Gatherer<Item> = (item: Item, onDone: (error: unknown) => void) => void;

interface Waiting<Item> {
  item: Item;
  onDone(error: unknown): void;
}

/**
 * Groups work by time: a lonely item is done at once, items in quick succession share runs. One run at a time. Without
 * a promise for each item; those who hand in bound what waits.
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
      queueMicrotask(look); // those of the same moment go together
    else if (waiting.length >= options.maxItems) look();
  };
}
