import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { BytesInHand } from '../../lib/limits/bytes-in-hand.ts';
import { fileTypeOf } from '../../media-library/file-types.ts';
import { findFile, readBytes, type StoredFile } from '../../media-library/store.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';

/** Bytes of the files that were served lately. */
const MOST_CACHED_BYTES = 33_554_432;
/** Bytes of the files that are read from the database at once. */
const MOST_READ_BYTES = 33_554_432;
const COME_AGAIN_S = 2;

interface Served {
  file: StoredFile;
  bytes: Buffer;
}

const path = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([a-z]{3,4})$/;

/**
 * The files of the media library, for everybody. A file never changes, so browsers and caches may keep it for ever. What may
 * hold a script is a download, and nothing that is opened here may run one or reach anything else. Source: more-endpoints.md §10.
 */
export function mediaFilePages({ db }: { db: Database }): Page[] {
  const cache = new BoundedCache<string, Served>({ mostBytes: MOST_CACHED_BYTES });
  const reading = new BytesInHand(MOST_READ_BYTES);
  const headers = {
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
    'referrer-policy': 'no-referrer',
  };
  const find = async ({ params }: PageRequest): Promise<Served | null> => {
    const [, id = '', extension = ''] = path.exec(params.file ?? '') ?? [];
    if (id === '') return null;
    const known = cache.get(id) ?? (await read(db, reading, id));
    if (known === null || known.file.extension !== extension) return null;
    cache.set(id, known, known.file.sizeBytes + 512);
    return known;
  };
  const answer = async (request: PageRequest): Promise<PageAnswer> => {
    const served = await find(request);
    return served === null ? unknown : answerOf(served, request);
  };
  return (['GET', 'HEAD'] as const).map((method) => ({ method, path: '/media/:file', headers, handle: answer }));
}

async function read(db: Database, reading: BytesInHand, id: string): Promise<Served | null> {
  const file = await findFile(db, id);
  if (file === null) return null;
  const release = reading.take(file.sizeBytes);
  if (release === null) throw new RequestError('queue_full', ['too many files at once; come again'], COME_AGAIN_S);
  try {
    const bytes = await readBytes(db, id);
    return bytes === null ? null : { file, bytes };
  } finally {
    release();
  }
}

const unknown: PageAnswer = {
  status: 404,
  type: 'application/json',
  body: JSON.stringify({ message: 'There is no such file.' }),
  headers: { 'cache-control': 'no-store' },
};

function answerOf({ file, bytes }: Served, { headers }: PageRequest): PageAnswer {
  const type = fileTypeOf(file.extension);
  const etag = `"${file.sha256.toString('base64url')}"`;
  const always = {
    etag,
    'cache-control': 'public, max-age=31536000, immutable',
    ...(type?.isShown !== true && { 'content-disposition': 'attachment' }),
  };
  const isKnown = [headers['if-none-match']].flat().some((one) => one?.includes(etag));
  const media = type?.type ?? 'application/octet-stream';
  return isKnown
    ? { status: 304, type: media, body: '', headers: always }
    : { status: 200, type: media, body: bytes, headers: always };
}
