import type { HeldList, ListName } from '../../ledger/lists/uploads.ts';
import type { PlannedList } from '../../plan/send-plan.ts';
import type { ListReader } from './list-reader.ts';
import { StoredList, type TakingDeps } from './stored-list.ts';

/** A list whose end has come. Everything of it is stored but the dispatch. */
export interface TakenList {
  held: HeldList;
  list: PlannedList;
  /** Remarks on lines that leave nobody out. */
  warnings: readonly string[];
}

/**
 * Stores the people of a list as they come, then makes its dispatch by `accept`. A list with a line that cannot be read is
 * refused as a whole, and nothing of it stays; one that broke off stays for the next request with its key.
 */
export async function takeList<Answer>(
  deps: TakingDeps,
  name: ListName,
  reader: ListReader,
  accept: (taken: TakenList) => Promise<Answer>,
): Promise<Answer> {
  const stored = await StoredList.hold(deps, name);
  try {
    const { chunks, lines, warnings } = await reader.readInto(stored);
    const { held } = stored;
    return await accept({ held, list: { id: held.id, chunks, lines }, warnings });
  } catch (error) {
    if (name.key === null || reader.isRefused) await stored.drop();
    throw error;
  } finally {
    await stored.release();
  }
}
