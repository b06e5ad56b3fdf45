import { RequestError } from '../../../errors.ts';
import { ArchiveProblem } from '../../../media-library/file-archive.ts';
import { detectFileType, isArchive } from '../../../media-library/file-types.ts';
import { addFile, LibraryFull, listFiles } from '../../../media-library/store.ts';
import type { Answer, RateBucket, Route, RouteRequest } from '../../route.ts';
import { readPage } from '../list-query.ts';
import { assetOf, libraryFull, MOST_FILE_BYTES, tooLarge, unsupported } from './answers.ts';
import { bytesOf, MOST_ARCHIVE_BYTES, takeRoom } from './find-bytes.ts';
import { type Library, type MediaLibraryDeps, openLibrary } from './library.ts';
import { handleReplace } from './replace.ts';
import { type CreateRequest, nameOf, readCreate } from './request.ts';
import { archiveRefused, type Stored, storeArchive } from './store-archive.ts';

const HOUR_MS = 3_600_000;
const creating: RateBucket = { name: 'media_library_create', limit: 100, windowMs: HOUR_MS };
const replacing: RateBucket = { name: 'media_library_replace', limit: 100, windowMs: HOUR_MS };
/** Base64 makes four bytes of three, and there is more in a body than the file. */
const MOST_BODY_BYTES = 8_388_608;
/** An archive comes in a form, with a little around it. */
const MOST_FORM_BYTES = MOST_ARCHIVE_BYTES + 65_536;
const PAGE = 100;

/** The media library: files that messages show. Source: more-endpoints.md §10. */
export function mediaLibraryRoutes(deps: MediaLibraryDeps): Route[] {
  const library = openLibrary(deps);
  const { inHand } = library;
  return [
    {
      ...{ method: 'POST', path: '/media_library/create', permission: 'media_library.create' },
      ...{ bodyLimitBytes: MOST_BODY_BYTES, formLimitBytes: MOST_FORM_BYTES, bodies: inHand, takesForms: true },
      bucket: () => creating,
      handle: (request) => handleCreate(library, request),
    },
    {
      ...{ method: 'GET', path: '/media_library/list', permission: 'media_library.list', query: ['page'] },
      handle: (request) => handleList(deps, request),
    },
    {
      ...{ method: 'PUT', path: '/media_library/replace_file', permission: 'media_library.replace' },
      ...{ bodyLimitBytes: MOST_BODY_BYTES, bodies: inHand, takesForms: true, bucket: () => replacing },
      handle: (request) => handleReplace(library, request),
    },
  ];
}

async function handleCreate(library: Library, request: RouteRequest): Promise<Answer> {
  const { mostBytes, allow } = library.settingsOf(request.workspaceId);
  if (mostBytes === 0) throw new RequestError('media_library_disabled');
  const asked = readCreate(request);
  const found = await bytesOf(asked.file, { allow, inHand: library.inHand });
  if ('problem' in found) return found.problem;
  const { bytes, url } = found;
  const name = asked.name ?? nameOf(asked.file, url);
  try {
    const stored = await store(library, { asked, bytes, url, name, workspaceId: request.workspaceId, mostBytes });
    return 'status' in stored ? stored : created(stored, library.publicUrl);
  } catch (error) {
    if (error instanceof LibraryFull) return libraryFull(mostBytes);
    if (error instanceof ArchiveProblem) return archiveRefused(error, name, bytes.length);
    throw error;
  } finally {
    found.release();
  }
}

interface Creation {
  asked: CreateRequest;
  bytes: Buffer;
  url: URL | null;
  /** What the file, or the archive, is called. */
  name: string;
  workspaceId: number;
  mostBytes: number;
}

/** Stores the file, or those of the archive. Returns the refusal of one that the library does not take. */
async function store(library: Library, { asked, bytes, url, name, ...of }: Creation): Promise<Stored | Answer> {
  const { db, clock, inHand } = library;
  const common = { ...of, now: clock.now() };
  if (isArchive(bytes)) {
    const release = takeRoom(inHand, MOST_FILE_BYTES);
    const limits = { mostFileBytes: MOST_FILE_BYTES, mostBytes: MOST_ARCHIVE_BYTES };
    return storeArchive(db, bytes, { prefix: asked.name, limits, common }).finally(release);
  }
  if (bytes.length > MOST_FILE_BYTES) return tooLarge(bytes.length);
  const given = 'bytes' in asked.file ? asked.file.fileName || name : (url?.pathname ?? name);
  const type = detectFileType(bytes, given);
  if (type === null) return unsupported(name);
  const file = await db.transaction((tx) => addFile(tx, { ...common, name, extension: type.extension, bytes }));
  return { files: [file], errors: [] };
}

function created({ files, errors }: Stored, publicUrl: string): Answer {
  const new_assets = files.map((file) => assetOf(file, publicUrl));
  const dashboard_url = `${publicUrl}/media_library/list`;
  return { status: 200, body: { new_assets, errors, dashboard_url, message: 'success' } };
}

async function handleList({ db, publicUrl }: MediaLibraryDeps, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const page = { workspaceId, limit: PAGE, offset: readPage(query) * PAGE };
  const { files, total, totalBytes } = await listFiles(db, page);
  const assets = files.map((file) => ({ ...assetOf(file, publicUrl), created_at: file.createdAt.toISOString() }));
  return { status: 200, body: { assets, total_count: total, total_size: totalBytes, message: 'success' } };
}
