import { isUtf8 } from 'node:buffer';

/** One part of a form. */
export interface FormPart {
  name: string;
  /** null: the part is a field, not a file. */
  fileName: string | null;
  bytes: Buffer;
}

const MOST_PARTS = 20;
const LONGEST_HEADERS = 4_096;

/** The boundary of a body of multipart/form-data. null: the body is something else. */
export function boundaryOf(contentType: string | undefined): string | null {
  if (contentType === undefined || !/^multipart\/form-data\s*;/i.test(contentType)) return null;
  const found = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

/**
 * Splits a body of multipart/form-data into its parts, which share the memory of the body. null: it is not well-formed, has
 * more than 20 parts, or headers that are not UTF-8. Source: RFC 7578 and RFC 2046 §5.1.
 */
export function readForm(body: Buffer, boundary: string): FormPart[] | null {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  const first = delimiter.subarray(2);
  const parts: FormPart[] = [];
  let at = body.subarray(0, first.length).equals(first) ? first.length : endOf(body, delimiter, 0);
  while (at !== -1) {
    if (body.subarray(at, at + 2).toString('latin1') === '--') return parts;
    const lineEnd = body.indexOf('\r\n', at, 'latin1');
    const isPadded =
      lineEnd !== -1 && /^[ \t]*$/.test(body.subarray(at, Math.min(lineEnd, at + 100)).toString('latin1'));
    const next = body.indexOf(delimiter, lineEnd);
    if (!isPadded || next === -1 || parts.length === MOST_PARTS) return null;
    const part = partFrom(body.subarray(lineEnd + 2, next));
    if (part === null) return null;
    parts.push(part);
    at = next + delimiter.length;
  }
  return null;
}

function endOf(body: Buffer, delimiter: Buffer, from: number): number {
  const found = body.indexOf(delimiter, from);
  return found === -1 ? -1 : found + delimiter.length;
}

function partFrom(part: Buffer): FormPart | null {
  const end = part.indexOf('\r\n\r\n', 0, 'latin1');
  if (end === -1 || end > LONGEST_HEADERS || !isUtf8(part.subarray(0, end))) return null;
  const lines = part.subarray(0, end).toString('utf8').split('\r\n');
  const disposition = lines.find((line) => /^content-disposition\s*:/i.test(line)) ?? '';
  const name = parameterOf(disposition, 'name');
  if (name === null) return null;
  return { name, fileName: parameterOf(disposition, 'filename'), bytes: part.subarray(end + 4) };
}

/** Browsers write quotes as %22, other clients with a backslash. */
function parameterOf(header: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(header);
  if (found === null) return null;
  return found[2] ?? (found[1] ?? '').replace(/\\(["\\])/g, '$1').replaceAll('%22', '"');
}
