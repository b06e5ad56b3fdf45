import { fetchFile } from '../../../channels/email/attachments/fetch-file.ts';
import { RequestError } from '../../../errors.ts';
import type { BytesInHand } from '../../../lib/limits/bytes-in-hand.ts';
import type { Answer } from '../../route.ts';
import { MOST_FILE_BYTES, refused, tooLarge } from './answers.ts';
import type { GivenFile } from './request.ts';

/** Most bytes of all files of an archive, unpacked, and so of one that is fetched. Source: more-endpoints.md §10. */
export const MOST_ARCHIVE_BYTES = 52_428_800;

const LONGEST_FETCH_MS = 20_000;
const COME_AGAIN_S = 5;

export interface FoundBytes {
  bytes: Buffer;
  /** Where the file was in the end. null: it came with the request. */
  url: URL | null;
  /** Gives back the room that the bytes have. */
  release(): void;
}

/** The bytes that came with the request, or those at its address. Throws RequestError if there is no room for them. */
export async function bytesOf(
  file: GivenFile,
  { allow, inHand }: { allow: readonly string[]; inHand: BytesInHand },
): Promise<FoundBytes | { problem: Answer }> {
  if ('bytes' in file) return { bytes: file.bytes, url: null, release: () => undefined };
  const mostBytes = isArchiveUrl(file.url) ? MOST_ARCHIVE_BYTES : MOST_FILE_BYTES;
  const release = takeRoom(inHand, mostBytes);
  const signal = AbortSignal.timeout(LONGEST_FETCH_MS);
  const fetched = await fetchFile(file.url, { allow, credential: null, signal, mostBytes });
  if (fetched.kind === 'file') return { bytes: fetched.bytes, url: fetched.url, release };
  release();
  if (fetched.reason === 'payload_too_large') return { problem: tooLarge(null) };
  const said = { asset_url: file.url.slice(0, 1_000).toWellFormed() };
  if (fetched.reason === 'blocked_target')
    return { problem: refused('INVALID_ASSET_URL', 'asset_url leads to an address that may not be called.', said) };
  const words = (fetched.detail ?? 'no file came').replace('the attachment', 'the file');
  return { problem: refused('ASSET_UPLOAD_FAILED', words, said) };
}

/** Throws RequestError if there is none. */
export function takeRoom(inHand: BytesInHand, bytes: number): () => void {
  const release = inHand.take(bytes);
  if (release === null) throw new RequestError('queue_full', ['too many files at once; send it again'], COME_AGAIN_S);
  return release;
}

/** What is fetched from elsewhere has at most the bytes of a file, whatever it is. */
function isArchiveUrl(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname.toLowerCase().endsWith('.zip');
}
