import { elementPath, type RawObject } from '../../lib/raw/json.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import type { ConsentSource } from '../consent/record/source.ts';
import { remarksBeside, remarksOfStored } from './attributes.ts';
import {
  type ObjectLimits,
  readLists,
  readTrack,
  remarksOf,
  type TrackArray,
  type TrackProblem,
  type TrackRequest,
  trackArrays,
} from './request.ts';

export interface TrackOutcome {
  /** The problems of refused objects, and of what was left out of processed ones. */
  problems: TrackProblem[];
  /** Number of processed objects by array. Arrays of which none was processed have none, as in the original. */
  processed: Partial<Record<TrackArray, number>>;
  /** Values of processed objects that nobody knows, and that are no problems in the original. */
  warnings: readonly string[];
  /** The objects that were processed. */
  request: TrackRequest;
}

/** The valid objects of one request, which are applied together or not at all. */
export interface TrackWork {
  request: TrackRequest;
  workspace: WorkspaceCatalog;
  /** Length of the body, in bytes. */
  sizeBytes: number;
}

/** Applies the objects and resolves after the commit, with the problems that were found meanwhile. Throws RequestError. */
export type TrackWriter = (work: TrackWork) => Promise<TrackProblem[]>;

export interface TrackOptions {
  body: RawObject;
  workspace: WorkspaceCatalog;
  source: ConsentSource;
  now: Date;
  sizeBytes: number;
  /** Default: those of /users/track. */
  limits?: ObjectLimits;
}

/** Has the valid objects of a /users/track body written, and reports the others. Throws RequestError. */
export async function track(
  write: TrackWriter,
  { body, workspace, source, now, sizeBytes, limits }: TrackOptions,
): Promise<TrackOutcome> {
  const lists = readLists(body, workspace.settings.users.trackBatch, limits);
  const request = readTrack(lists, { workspace, source, now });
  const isAnyValid = request.attributes.length + request.activities.length > 0;
  const late = isAnyValid ? await write({ request, workspace, sizeBytes }) : [];
  const left = request.attributes.flatMap(({ index, object }) => remarksOf(index, object.remarks));
  const problems = [...request.problems, ...left, ...late].sort(byPosition);
  const counted = [...lists].map(([array, list]) => {
    const bad = request.problems.filter((problem) => problem.input_array === array).map(({ index }) => index);
    return [array, list.length - new Set(bad).size] as const;
  });
  const warnings = request.attributes.flatMap(({ index, object }) => {
    const path = elementPath('attributes', index);
    return [...remarksBeside(object, path), ...remarksOfStored(object, path, now)];
  });
  const processed = Object.fromEntries(counted.filter(([, count]) => count > 0));
  return { problems, processed, warnings, request };
}

function byPosition(one: TrackProblem, other: TrackProblem): number {
  return trackArrays.indexOf(one.input_array) - trackArrays.indexOf(other.input_array) || one.index - other.index;
}
