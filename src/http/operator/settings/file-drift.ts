import type { Clock } from '../../../lib/clock.ts';
import type { WorkspaceCatalog } from '../../../workspace/catalog.ts';
import type { FileDrift, FileStamp } from '../../../workspace/file/plan-file.ts';

/** What the file would change now. `isLarge`: reading and comparing it takes so long that requests must not wait for it. */
export type PlanFile = (how: { isLarge: boolean }) => Promise<FileDrift>;

export interface DriftDeps {
  clock: Clock;
  /** Absent: there is no file. */
  planFile?: PlanFile | undefined;
  /** Absent: nobody knows when the file changes. */
  stampFile?: (() => FileStamp) | undefined;
}

/** `drift` is null if there is no file, or while it is compared for the first time. */
export interface KnownDrift {
  drift: FileDrift | null;
  isComparing: boolean;
}

/** A workspace with more campaigns and segments takes long to compare. */
const MANY = 1_000;
/** A larger file takes long to read: about a hundred milliseconds for each of these. */
const MANY_BYTES = 65_536;
/** The answer goes out before the comparison begins. */
const AFTER_MS = 250;
/** Files that it refers to may change unseen. */
const LONGEST_MS = 600_000;

/**
 * Compares the file with what is applied. A small one is compared at each request. A large one, or that of a large workspace,
 * is compared in the background, and only if it or the definitions have changed since; until then the answer is the one
 * before.
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

  function compareSoon(workspace: WorkspaceCatalog, plan: PlanFile, stamp: string): void {
    if (isComparing) return;
    isComparing = true;
    clock.after(AFTER_MS, async () => {
      try {
        last = await plan({ isLarge: true });
        known.set(workspace, { drift: last, stamp, untilMs: clock.now().getTime() + LONGEST_MS });
      } catch (error) {
        failure = { error };
      }
      isComparing = false;
    });
  }

  return async (workspace) => {
    if (planFile === undefined) return { drift: null, isComparing: false };
    const stamp = stampFile?.();
    if (stamp === undefined || !isLarge(workspace, stamp))
      return { drift: await planFile({ isLarge: false }), isComparing: false };
    if (failure !== null) {
      const { error } = failure;
      failure = null;
      throw error;
    }
    const found = known.get(workspace);
    if (found?.stamp === stamp.text && clock.now().getTime() < found.untilMs)
      return { drift: found.drift, isComparing: false };
    compareSoon(workspace, planFile, stamp.text);
    return { drift: last, isComparing: true };
  };
}

function isLarge({ campaigns, segments }: WorkspaceCatalog, { sizeBytes }: FileStamp): boolean {
  return campaigns.size + segments.size > MANY || sizeBytes > MANY_BYTES;
}
