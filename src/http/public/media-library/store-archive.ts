import type { Database } from '../../../db/database.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import {
  type ArchivedFile,
  type ArchiveProblem,
  type UnpackLimits,
  unpack,
} from '../../../media-library/file-archive.ts';
import { detectFileType } from '../../../media-library/file-types.ts';
import { addFile, type MediaFile, type NewFile } from '../../../media-library/store.ts';
import type { Answer } from '../../route.ts';
import { extensionOf, refused } from './answers.ts';
import { LONGEST_NAME } from './request.ts';

/** A file of an archive that is left out. `error`: one of the original's codes. */
export interface LeftOut {
  name: string;
  size: number;
  ext: string | null;
  error: string;
}

export interface Stored {
  files: MediaFile[];
  errors: LeftOut[];
}

/**
 * Stores the files of a zip in one transaction: all that the library takes, or, when the archive itself is refused, none.
 * `prefix`: the beginning of their names, before a running number. null: the names in the archive. Throws ArchiveProblem and
 * LibraryFull. Source: more-endpoints.md §10.
 */
export function storeArchive(
  db: Database,
  archive: Buffer,
  {
    prefix,
    limits,
    common,
  }: { prefix: string | null; limits: UnpackLimits; common: Omit<NewFile, 'name' | 'extension' | 'bytes'> },
): Promise<Stored> {
  return db.transaction(async (tx) => {
    const stored: Stored = { files: [], errors: [] };
    for await (const file of unpack(archive, limits)) {
      const { bytes } = file;
      const type = bytes === null ? null : detectFileType(bytes, file.name);
      if (bytes === null || type === null) {
        stored.errors.push(leftOut(file, limits));
        continue;
      }
      const name = prefix === null ? shownName(file.name) : `${prefix} ${stored.files.length + 1}`;
      stored.files.push(await addFile(tx, { ...common, name, extension: type.extension, bytes }));
    }
    return stored;
  });
}

function leftOut({ name, sizeBytes }: ArchivedFile, { mostFileBytes }: UnpackLimits): LeftOut {
  const error = sizeBytes > mostFileBytes ? 'ASSET_SIZE_EXCEEDS_LIMIT' : 'UNSUPPORTED_FILE_TYPE';
  return { name: shownName(name), size: sizeBytes, ext: extensionOf(name), error };
}

function shownName(name: string): string {
  return isStorable(name) ? name.slice(0, LONGEST_NAME).toWellFormed() : 'file';
}

/** The answer to an archive that is refused as a whole. */
export function archiveRefused({ fault, message }: ArchiveProblem, name: string, sizeBytes: number): Answer {
  if (fault === 'too_large')
    return refused('ZIP_FILE_TOO_LARGE', message, { zip_file_name: name, zip_file_size: sizeBytes });
  if (fault === 'no_name') return refused('ZIPPED_ENTITY_HAS_NO_NAME', message, {});
  if (fault === 'directory') return refused('ZIPPED_ENTITY_CANNOT_HAVE_NESTED_DIRECTORY', message, {});
  return refused('ZIP_UPLOAD_ERROR', 'The archive cannot be read.', { original_error: message });
}
