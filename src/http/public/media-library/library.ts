import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../lib/clock.ts';
import { BytesInHand } from '../../../lib/limits/bytes-in-hand.ts';
import { MEDIA_LIBRARY_BYTES } from '../../../media-library/store.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';

export interface MediaLibraryDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  /** Base URL of this server, without a slash at the end. */
  publicUrl: string;
}

/** Bytes of all bodies, fetched files and unpacked ones that are in hand. */
const MOST_IN_HAND = 100_663_296;

/** What the calls of the library share. */
export interface Library extends MediaLibraryDeps {
  inHand: BytesInHand;
  /** `mostBytes`: of all files of the workspace; 0 turns the library off. `allow`: addresses that may be called though not public. */
  settingsOf(workspaceId: number): { mostBytes: number; allow: readonly string[] };
}

export function openLibrary(deps: MediaLibraryDeps): Library {
  return {
    ...deps,
    inHand: new BytesInHand(MOST_IN_HAND),
    settingsOf(workspaceId) {
      const { settings } = loadedWorkspace(deps.catalog, workspaceId);
      const mostBytes = settings.mediaLibrary?.storageBytes ?? MEDIA_LIBRARY_BYTES;
      return { mostBytes, allow: settings.email.attachments.allow };
    },
  };
}
