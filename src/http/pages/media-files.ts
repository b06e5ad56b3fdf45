import type { Database } from '../../db/database.ts';
import { RequestError } from '../../errors.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { Clock } from '../../lib/clock.ts';
import { BytesInHand } from '../../lib/limits/bytes-in-hand.ts';
import { fileTypeOf } from '../../media-library/file-types.ts';
import { findFile, readFile, type StoredFile } from '../../media-library/store.ts';
import type { Page, PageAnswer, PageRequest } from '../page.ts';

/** Bytes of the files that were served lately. */
const MOST_CACHED_BYTES = 33_554_432;
/** Bytes of the files that are read from the database at once. */
const MOST_READ_BYTES = 33_554_432;
const COME_AGAIN_S = 2;
/** How long a file that was served lately is not looked up again. Another server may have replaced it. */
const FRESH_MS = 5_000;
/** How long browsers and caches keep a file without asking. */
const KEPT_S = 300;

interface Served {
  file: StoredFile;
  bytes: Buffer;
  /** When the file was last looked up, in milliseconds since 1970. */
  seenMs: number;
}

const path = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([a-z]{3,4})$/;

/**
 * The files of the media library, for everybody. Browsers and caches keep one for five minutes, and then ask whether it was
 * replaced. What may hold a script is a download, and nothing that is opened here may run one or reach anything else.
 * Source: more-endpoints.md §10.
 */
export function mediaFilePages({ db, clock }: { db: Database; clock: Clock }): Page[] {
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
    const nowMs = clock.now().getTime();
    const kept = cache.get(id);
    const isFresh = kept !== undefined && nowMs - kept.seenMs < FRESH_MS;
    const known = isFresh ? kept : await read(db, reading, { id, kept, nowMs });
    if (known === null || known.file.extension !== extension) return null;
    if (!isFresh) cache.set(id, known, known.file.sizeBytes + 512);
    return known;
  };
  const answer = async (request: PageRequest): Promise<PageAnswer> => {
    const served = await find(request);
    return served === null ? unknown : answerOf(served, request);
  };
  return (['GET', 'HEAD'] as const).map((method) => ({ method, path: '/media/:file', headers, handle: answer }));
}

async function read(
  db: Database,
  reading: BytesInHand,
  { id, kept, nowMs }: { id: string; kept: Served | undefined; nowMs: number },
): Promise<Served | null> {
  const file = await findFile(db, id);
  if (file === null) return null;
  if (kept?.file.sha256.equals(file.sha256)) return { ...kept, seenMs: nowMs };
  const release = reading.take(file.sizeBytes);
  if (release === null) throw new RequestError('queue_full', ['too many files at once; come again'], COME_AGAIN_S);
  try {
    const stored = await readFile(db, id);
    return stored === null ? null : { ...stored, seenMs: nowMs };
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
    'cache-control': `public, max-age=${KEPT_S}`,
    ...(type?.isShown !== true && { 'content-disposition': 'attachment' }),
  };
  const isKnown = [headers['if-none-match']].flat().some((one) => one?.includes(etag));
  const media = type?.type ?? 'application/octet-stream';
  return isKnown
    ? { status: 304, type: media, body: '', headers: always }
    : { status: 200, type: media, body: bytes, headers: always };
}
