import { openTarget } from '../net/guarded-post.ts';

/**
 * Makes one POST to a URL that a caller chose: only to public addresses and those in `allow`, and without following a
 * redirect. Returns what went wrong. null: it was answered with 2xx.
 */
export async function call(url: string, body: object, allow: readonly string[]): Promise<string | null> {
  const target = await openTarget(url, { allow });
  if (target === null) return 'the URL leads to an address or port that may not be called';
  try {
    const { status } = await target.post(JSON.stringify(body), {});
    return status >= 200 && status < 300 ? null : `it was answered ${status}`;
  } finally {
    await target.close();
  }
}
