import { fetchFile } from '../../../channels/email/attachments/fetch-file.ts';
import type { Database } from '../../../db/database.ts';
import { RequestError } from '../../../errors.ts';
import type { Clock } from '../../../lib/clock.ts';
import { BytesInHand } from '../../../lib/limits/bytes-in-hand.ts';
import { detectFileType } from '../../../media-library/file-types.ts';
import { addFile, listFiles, MEDIA_LIBRARY_BYTES, type MediaFile } from '../../../media-library/store.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readPage } from '../list-query.ts';
import { type CreateRequest, nameOf, readCreate } from './request.ts';

export interface MediaLibraryDeps {
  db: Database;
  clock: Clock;
  catalog: Catalog;
  /** Base URL of this server, without a slash at the end. */
  publicUrl: string;
}

const HOUR_MS = 3_600_000;
const creating: RateBucket = { name: 'media_library_create', limit: 100, windowMs: HOUR_MS };
const replacing: RateBucket = { name: 'media_library_replace', limit: 100, windowMs: HOUR_MS };

/** Most bytes of one file. Source: more-endpoints.md §10. */
export const MOST_FILE_BYTES = 5_242_880;
/** Base64 makes four bytes of three, and there is more in a body than the file. */
const MOST_BODY_BYTES = 8_388_608;
/** Bytes of all bodies and fetched files that are in hand. */
const MOST_IN_HAND = 67_108_864;
const LONGEST_FETCH_MS = 20_000;
const PAGE = 100;

/** The media library: files that messages show. Source: more-endpoints.md §10. */
export function mediaLibraryRoutes(deps: MediaLibraryDeps): Route[] {
  const bodies = new BytesInHand(MOST_IN_HAND);
  return [
    {
      ...{ method: 'POST', path: '/media_library/create', permission: 'media_library.create' },
      ...{ bodyLimitBytes: MOST_BODY_BYTES, bodies, takesForms: true, bucket: () => creating },
      handle: (request) => handleCreate(deps, bodies, request),
    },
    {
      ...{ method: 'GET', path: '/media_library/list', permission: 'media_library.list', query: ['page'] },
      handle: (request) => handleList(deps, request),
    },
    {
      ...{ method: 'PUT', path: '/media_library/replace_file', permission: 'media_library.replace' },
      bucket: () => replacing,
      async handle() {
        throw new RequestError('media_library_disabled', ['files never change here; create a new one']);
      },
    },
  ];
}

async function handleCreate(deps: MediaLibraryDeps, inHand: BytesInHand, request: RouteRequest): Promise<Answer> {
  const { db, clock, catalog, publicUrl } = deps;
  const { workspaceId } = request;
  const { settings } = loadedWorkspace(catalog, workspaceId);
  const mostBytes = settings.mediaLibrary?.storageBytes ?? MEDIA_LIBRARY_BYTES;
  if (mostBytes === 0) throw new RequestError('media_library_disabled');
  const asked = readCreate(request);
  const found = await bytesOf(asked, settings.email.attachments.allow, inHand);
  if ('problem' in found) return found.problem;
  try {
    const { bytes, url } = found;
    if (bytes.length > MOST_FILE_BYTES) return tooLarge(bytes.length);
    const name = nameOf(asked, url);
    const type = detectFileType(bytes, 'bytes' in asked.file ? asked.file.fileName || name : (url?.pathname ?? name));
    if (type === null) return unsupported(name);
    const added = { workspaceId, name, extension: type.extension, bytes, mostBytes, now: clock.now() };
    const file = await addFile(db, added);
    if (file === null)
      return refused('MEDIA_LIBRARY_LIMIT_REACHED', 'The media library is full.', { limit: mostBytes });
    return {
      status: 200,
      body: {
        new_assets: [assetOf(file, publicUrl)],
        errors: [],
        dashboard_url: `${publicUrl}/media_library/list`,
        message: 'success',
      },
    };
  } finally {
    found.release();
  }
}

interface FoundBytes {
  bytes: Buffer;
  /** Where the file was in the end. null: it came with the request. */
  url: URL | null;
  /** Gives back the room that the bytes have. */
  release(): void;
}

async function bytesOf(
  { file }: CreateRequest,
  allow: readonly string[],
  inHand: BytesInHand,
): Promise<FoundBytes | { problem: Answer }> {
  if ('bytes' in file) return { bytes: file.bytes, url: null, release: () => undefined };
  const release = inHand.take(MOST_FILE_BYTES);
  if (release === null) throw new RequestError('queue_full', ['too many files at once; send it again'], 5);
  const signal = AbortSignal.timeout(LONGEST_FETCH_MS);
  const fetched = await fetchFile(file.url, { allow, credential: null, signal, mostBytes: MOST_FILE_BYTES });
  if (fetched.kind === 'file') return { bytes: fetched.bytes, url: fetched.url, release };
  release();
  if (fetched.reason === 'payload_too_large') return { problem: tooLarge(null) };
  const said = { asset_url: file.url.slice(0, 1_000) };
  return fetched.reason === 'blocked_target'
    ? { problem: refused('INVALID_ASSET_URL', 'asset_url leads to an address that may not be called.', said) }
    : {
        problem: refused(
          'ASSET_UPLOAD_FAILED',
          (fetched.detail ?? 'no file came').replace('the attachment', 'the file'),
          said,
        ),
      };
}

function tooLarge(sizeBytes: number | null): Answer {
  return refused('ASSET_SIZE_EXCEEDS_LIMIT', `A file may have at most ${MOST_FILE_BYTES} bytes.`, {
    size_limit_bytes: MOST_FILE_BYTES,
    ...(sizeBytes !== null && { file_size_bytes: sizeBytes }),
  });
}

function unsupported(name: string): Answer {
  const fileType = /\.([^.]{1,10})$/.exec(name)?.[1] ?? null;
  return refused('UNSUPPORTED_FILE_TYPE', 'The bytes are no file of a type that the library takes.', {
    file_type: fileType,
  });
}

/** The original's form of errors of the library. */
function refused(code: string, message: string, meta: object): Answer {
  return { status: 400, body: { message, error_code: code, meta } };
}

function assetOf({ id, name, extension, sizeBytes }: MediaFile, publicUrl: string): object {
  return { name, size: sizeBytes, url: `${publicUrl}/media/${id}.${extension}`, ext: extension, asset_id: id };
}

async function handleList({ db, publicUrl }: MediaLibraryDeps, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const page = { workspaceId, limit: PAGE, offset: readPage(query) * PAGE };
  const { files, total, totalBytes } = await listFiles(db, page);
  const assets = files.map((file) => ({ ...assetOf(file, publicUrl), created_at: file.createdAt.toISOString() }));
  return { status: 200, body: { assets, total_count: total, total_size: totalBytes, message: 'success' } };
}
