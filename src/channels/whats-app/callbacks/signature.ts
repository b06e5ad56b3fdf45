import { createHmac, timingSafeEqual } from 'node:crypto';

const form = /^sha256=([0-9a-f]{64})$/i;

/** Whether Meta signed these bytes with the app's secret. The header: `X-Hub-Signature-256`. */
export function isSignedByMeta(body: Buffer, header: string | undefined, appSecret: string): boolean {
  const given = form.exec(header ?? '')?.[1];
  return given !== undefined && timingSafeEqual(Buffer.from(given, 'hex'), macOf(body, appSecret));
}

/** The header of a callback with this body. */
export function signatureOf(body: Buffer, appSecret: string): string {
  return `sha256=${macOf(body, appSecret).toString('hex')}`;
}

function macOf(body: Buffer, appSecret: string): Buffer {
  return createHmac('sha256', appSecret).update(body).digest();
}
