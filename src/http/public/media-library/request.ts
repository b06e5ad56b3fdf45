import { RequestError } from '../../../errors.ts';
import { own } from '../../../lib/raw/json.ts';
import { isGiven, readText } from '../../../lib/raw/lenient.ts';
import { isStorable } from '../../../lib/raw/storable.ts';
import { utf8Problem } from '../../../lib/raw/utf8.ts';
import type { RouteRequest } from '../../route.ts';
import { boundaryOf, readForm } from './multipart.ts';

/** The bytes of a file, or where they are. */
export type GivenFile = { url: string } | { bytes: Buffer; fileName: string };

/** A file to store. */
export interface CreateRequest {
  /** null: the file's own. */
  name: string | null;
  file: GivenFile;
}

export const LONGEST_NAME = 255;

/** Reads a request as JSON, or as a form of which `asset_file` is a part. Throws RequestError. Source: more-endpoints.md §10. */
export function readCreate(request: RouteRequest): CreateRequest {
  const given = read(request, 'name');
  return { name: readName(given.called), file: fileOf(given, 'no_asset') };
}

/** Reads which file is to have which bytes. Throws RequestError. */
export function readReplace(request: RouteRequest): { id: string; file: GivenFile } {
  const given = read(request, 'asset_id');
  if (given.called === null) throw new RequestError('no_asset_id');
  return { id: given.called, file: fileOf(given, 'no_new_asset') };
}

/** `member`: what the file is called. */
function read({ body, rawBody, headers }: RouteRequest, member: 'name' | 'asset_id'): Given {
  const boundary = boundaryOf([headers['content-type']].flat()[0]);
  return boundary === null ? fromJson(body, member) : fromForm(rawBody, boundary, member);
}

function fileOf({ url, file }: Given, none: 'no_asset' | 'no_new_asset'): GivenFile {
  if (url !== null && file !== null) throw new RequestError('two_assets');
  if (file !== null) return file;
  if (url === null) throw new RequestError(none);
  return { url };
}

interface Given {
  called: string | null;
  url: string | null;
  file: { bytes: Buffer; fileName: string } | null;
}

/** A file in JSON is the base64 of its bytes. */
function fromJson(body: RouteRequest['body'], called: 'name' | 'asset_id'): Given {
  const text = (member: string) => {
    const value = own(body, member);
    if (!isGiven(value)) return null;
    const reading = readText(value);
    if (!reading.ok) throw new RequestError('bad_request', [`${member}: expected a text`]);
    return reading.value === undefined || reading.value === '' ? null : reading.value;
  };
  const file = text('asset_file');
  if (file !== null && !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(file))
    throw new RequestError('bad_request', ['asset_file: expected base64, or a part of multipart/form-data']);
  const name = text(called);
  return {
    called: name,
    url: text('asset_url'),
    file:
      file === null ? null : { bytes: Buffer.from(file, 'base64'), fileName: called === 'name' ? (name ?? '') : '' },
  };
}

function fromForm(rawBody: Buffer, boundary: string, called: 'name' | 'asset_id'): Given {
  const parts = readForm(rawBody, boundary);
  if (parts === null)
    throw new RequestError('bad_request', [
      'body: expected multipart/form-data of at most 20 well-formed parts, with headers in UTF-8',
    ]);
  const text = (member: string) => {
    const bytes = parts.find(({ name }) => name === member)?.bytes;
    if (bytes === undefined || bytes.length === 0) return null;
    const problem = utf8Problem(bytes);
    if (problem !== null) throw new RequestError('bad_request', [`${member}: ${problem}`]);
    return bytes.toString('utf8');
  };
  const file = parts.find(({ name, bytes }) => name === 'asset_file' && bytes.length > 0);
  return {
    called: text(called),
    url: text('asset_url'),
    file: file === undefined ? null : { bytes: file.bytes, fileName: baseName(file.fileName ?? '') },
  };
}

/** Some clients send the whole path. */
function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? '';
}

function readName(name: string | null): string | null {
  if (name === null) return null;
  if (name.trim() === '' || name.length > LONGEST_NAME || !isStorable(name))
    throw new RequestError('bad_request', [
      `name: expected Unicode text of 1 to ${LONGEST_NAME} characters without NUL`,
    ]);
  return name.trim();
}

/** The name that a file has by itself. */
export function nameOf(file: GivenFile, url: URL | null): string {
  const own = 'bytes' in file ? file.fileName : lastOf(url);
  return own !== '' && isStorable(own) ? own.slice(0, LONGEST_NAME) : 'file';
}

function lastOf(url: URL | null): string {
  const last = url?.pathname.split('/').at(-1) ?? '';
  try {
    return baseName(decodeURIComponent(last));
  } catch {
    return last;
  }
}
