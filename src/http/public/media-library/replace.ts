import { RequestError } from '../../../errors.ts';
import { detectFileType, fileTypeOf, isArchive } from '../../../media-library/file-types.ts';
import { findOwnFile, LibraryFull, type MediaFile, replaceFile } from '../../../media-library/store.ts';
import type { Answer, RouteRequest } from '../../route.ts';
import { assetOf, extensionOf, libraryFull, MOST_FILE_BYTES, refused, tooLarge } from './answers.ts';
import { bytesOf } from './find-bytes.ts';
import type { Library } from './library.ts';
import { nameOf, readReplace } from './request.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Gives a stored file other bytes of the same type. Source: more-endpoints.md §10. */
export async function handleReplace(library: Library, request: RouteRequest): Promise<Answer> {
  const { db, inHand } = library;
  const { workspaceId } = request;
  const { mostBytes, allow } = library.settingsOf(workspaceId);
  if (mostBytes === 0) throw new RequestError('media_library_disabled');
  const { id, file } = readReplace(request);
  const old = uuid.test(id) ? await findOwnFile(db, workspaceId, id) : null;
  if (old === null) return notFound(id);
  const found = await bytesOf(file, { allow, inHand });
  if ('problem' in found) return asReplacement(found.problem);
  try {
    const { bytes, url } = found;
    const problem = problemOf(bytes, nameOf(file, url), old);
    if (problem !== null) return problem;
    const replaced = await replaceFile(db, { workspaceId, id, bytes, mostBytes });
    if (replaced === null) return notFound(id);
    const info = 'Asset file updated successfully.';
    return { status: 200, body: { info, new_image_asset: assetOf(replaced, library.publicUrl), message: 'success' } };
  } catch (error) {
    if (error instanceof LibraryFull) return libraryFull(mostBytes);
    throw error;
  } finally {
    found.release();
  }
}

function notFound(id: string): Answer {
  return refused(
    'ASSET_NOT_FOUND',
    'The workspace has no such file.',
    { asset_id: id.slice(0, 1_000).toWellFormed() },
    404,
  );
}

/** Why these bytes cannot take the place of the old ones. null: they can. */
function problemOf(bytes: Buffer, name: string, { extension: expected }: MediaFile): Answer | null {
  if (bytes.length > MOST_FILE_BYTES) return tooLarge(bytes.length);
  // Of some types only the name tells one from another. A name that says nothing agrees.
  const saysNothing = fileTypeOf(extensionOf(name) ?? '') === null;
  const type = detectFileType(bytes, saysNothing ? `x.${expected}` : name);
  const received = type?.extension ?? (isArchive(bytes) ? 'zip' : null);
  if (received === null)
    return refused('CORRUPT_FILE', 'The bytes are no file of a type that the library takes.', { file_name: name });
  if (sameAs(received) === sameAs(expected)) return null;
  const meta = { expected_extension: expected, received_extension: received };
  return refused('EXTENSION_MISMATCH', `The new file must be a file of the type ${expected}.`, meta);
}

/** One type has two extensions. */
function sameAs(extension: string): string {
  return extension === 'jpeg' ? 'jpg' : extension;
}

/** The original's replacement has one code for every address that gives no file. */
function asReplacement(problem: Answer): Answer {
  const body = problem.body as { message: string; error_code: string; meta: object };
  return body.error_code === 'ASSET_UPLOAD_FAILED' ? refused('INVALID_ASSET_URL', body.message, body.meta) : problem;
}
