import type { Clock } from '../../../lib/clock.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { FileDrift } from '../../../workspace/file/plan-file.ts';

export interface DriftDeps {
  clock: Clock;
  /** What the file would change now. Absent: there is no file. */
  planFile?: (() => Promise<FileDrift>) | undefined;
  /** Another text after each change of the file. Absent: nobody knows when it changes. */
  stampFile?: (() => string) | undefined;
}

/** `drift` is null if there is no file, or while it is compared for the first time. */
export interface KnownDrift {
  drift: FileDrift | null;
  isComparing: boolean;
}

/** A workspace with more campaigns and segments has a file that takes seconds to read and compare. */
const MANY = 1_000;
/** The answer goes out before the comparison keeps the server busy. */
const AFTER_MS = 250;
/** Files that it refers to may change unseen. */
const LONGEST_MS = 600_000;

/**
 * Compares the file with what is applied. That of a small workspace is compared at each request. That of a large one is
 * compared in the background, and only if it or the definitions have changed since; until then the answer is the one before.
 */
export function createDriftReader({
  clock,
  planFile,
  stampFile,
}: DriftDeps): (workspace: WorkspaceCatalog) => Promise<KnownDrift> {
  const known = new WeakMap<WorkspaceCatalog, { drift: FileDrift; stamp: string; untilMs: number }>();
  let last: FileDrift | null = null;
  let isComparing = false;
  /** For whoever asks next. */
  let failure: { error: unknown } | null = null;

  function compareSoon(workspace: WorkspaceCatalog, plan: () => Promise<FileDrift>, stamp: string): void {
    if (isComparing) return;
    isComparing = true;
    clock.after(AFTER_MS, async () => {
      try {
        last = await plan();
        known.set(workspace, { drift: last, stamp, untilMs: clock.now().getTime() + LONGEST_MS });
      } catch (error) {
        failure = { error };
      }
      isComparing = false;
    });
  }

  return async (workspace) => {
    if (planFile === undefined) return { drift: null, isComparing: false };
    if (stampFile === undefined || workspace.campaigns.size + workspace.segments.size <= MANY)
      return { drift: await planFile(), isComparing: false };
    if (failure !== null) {
      const { error } = failure;
      failure = null;
      throw error;
    }
    const stamp = stampFile();
    const found = known.get(workspace);
    if (found?.stamp === stamp && clock.now().getTime() < found.untilMs)
      return { drift: found.drift, isComparing: false };
    compareSoon(workspace, planFile, stamp);
    return { drift: last, isComparing: true };
  };
}
