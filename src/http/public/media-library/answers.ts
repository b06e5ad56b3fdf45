import type { MediaFile } from '../../../media-library/store.ts';
import type { Answer } from '../../route.ts';

/** Most bytes of one file. Source: more-endpoints.md §10. */
export const MOST_FILE_BYTES = 5_242_880;

/** The original's form of errors of the library. */
export function refused(code: string, message: string, meta: object, status = 400): Answer {
  return { status, body: { message, error_code: code, meta } };
}

export function tooLarge(sizeBytes: number | null): Answer {
  return refused('ASSET_SIZE_EXCEEDS_LIMIT', `A file may have at most ${MOST_FILE_BYTES} bytes.`, {
    size_limit_bytes: MOST_FILE_BYTES,
    ...(sizeBytes !== null && { file_size_bytes: sizeBytes }),
  });
}

export function unsupported(name: string): Answer {
  return refused('UNSUPPORTED_FILE_TYPE', 'The bytes are no file of a type that the library takes.', {
    file_type: extensionOf(name),
  });
}

export function libraryFull(mostBytes: number): Answer {
  return refused('MEDIA_LIBRARY_LIMIT_REACHED', 'The media library is full.', { limit: mostBytes });
}

/** What a name says of its file, in lower case. null: nothing. */
export function extensionOf(name: string): string | null {
  return /\.([^.]{1,10})$/.exec(name)?.[1]?.toLowerCase() ?? null;
}

export function assetOf({ id, name, extension, sizeBytes }: MediaFile, publicUrl: string): object {
  return { name, size: sizeBytes, url: `${publicUrl}/media/${id}.${extension}`, ext: extension, asset_id: id };
}
