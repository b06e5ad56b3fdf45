import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** A request that claims to come from Twilio. */
export interface SignedRequest {
  /** The URL that Twilio called, with its query as it was sent. */
  url: string;
  /** The header X-Twilio-Signature. */
  signature: string | undefined;
  contentType: string | undefined;
  body: Buffer;
}

/** 20 bytes in base64. */
const form = /^[A-Za-z0-9+/]{27}=$/;

/**
 * Whether Twilio signed the request with this auth token. The signature covers the URL and, of a form, every parameter as
 * received. Of any other body it covers a digest in the query, without which nothing vouches for the body.
 * Source: Twilio, "Webhooks security"; messaging-objects.md §7.6.
 */
export function isSignedByTwilio({ url, signature, contentType, body }: SignedRequest, authToken: string): boolean {
  if (signature === undefined || !form.test(signature)) return false;
  const given = Buffer.from(signature, 'base64');
  const digest = digestIn(url);
  if (digest === null && !isForm(contentType) && body.length > 0) return false;
  if (digest !== null && digest !== hash('sha256', body, 'hex')) return false;
  const parameters = digest === null ? signedParameters(body) : '';
  return spellings(url).some((spelling) => timingSafeEqual(given, macOf(authToken, spelling + parameters)));
}

/** The signature of a request, as the stand-in for Twilio and tests make it. */
export function twilioSignature(authToken: string, url: string, form: string): string {
  return macOf(authToken, url + signedParameters(Buffer.from(form))).toString('base64');
}

function macOf(authToken: string, text: string): Buffer {
  return createHmac('sha1', authToken).update(text).digest();
}

/** The digest of the body that the query names, in lower case. null: it names none. */
function digestIn(url: string): string | null {
  return /[?&]bodySHA256=([0-9A-Fa-f]{64})(?:[&#]|$)/.exec(url)?.[1]?.toLowerCase() ?? null;
}

/** Names in order, each followed by its distinct values in order. */
function signedParameters(body: Buffer): string {
  const parameters = new URLSearchParams(body.toString('utf8'));
  return [...new Set(parameters.keys())]
    .sort()
    .flatMap((name) => [...new Set(parameters.getAll(name))].sort().map((value) => name + value))
    .join('');
}

/** Twilio signs the URL sometimes with the port and sometimes without. */
function spellings(url: string): string[] {
  const [, scheme = '', host = '', port, rest = ''] = /^(https?):\/\/([^/?#]*?)(?::(\d+))?([/?#].*|)$/i.exec(url) ?? [];
  const usual = scheme.toLowerCase() === 'https' ? '443' : '80';
  return [`${scheme}://${host}${rest}`, `${scheme}://${host}:${port ?? usual}${rest}`];
}

function isForm(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType ?? '');
}
