import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequestError } from '../../errors.ts';
import { shown } from '../../lib/raw/json.ts';

const gzips: ReadonlySet<string> = new Set(['gzip', 'x-gzip']);

/**
 * Refuses a body that is packed in a way that the endpoint does not unpack, before it is read: the bytes would look like
 * broken JSON. The answer says in `Accept-Encoding` what is taken. Throws RequestError. Source: RFC 9110 §15.5.16.
 */
export function refuseEncoding(request: FastifyRequest, reply: FastifyReply, { takesGzip = false } = {}): void {
  const encoding = encodingOf(request);
  if (encoding === 'identity' || !hasBody(request) || (takesGzip && gzips.has(encoding))) return;
  reply.header('accept-encoding', takesGzip ? 'gzip' : 'identity');
  const expected = takesGzip ? 'gzip or none' : 'none; send the body as it is';
  throw new RequestError('wrong_content_type', [`Content-Encoding: expected ${expected}, got "${shown(encoding)}"`]);
}

/** Whether the body is packed with gzip. */
export function isGzip(request: Pick<FastifyRequest, 'headers'>): boolean {
  return gzips.has(encodingOf(request));
}

function encodingOf({ headers }: Pick<FastifyRequest, 'headers'>): string {
  return headers['content-encoding']?.trim().toLowerCase() || 'identity';
}

function hasBody({ headers, method }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
