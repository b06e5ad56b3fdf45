import { isObject } from '../lib/raw/json.ts';
import { clockFinding } from './database.ts';
import { type Finding, wordsOf } from './finding.ts';
import { type Got, get } from './http-get.ts';

/** Signatures of providers' tokens are refused beyond some minutes. */
const MOST_SKEW_MS = 30_000;

/** Looks whether people reach this installation where its links lead. null: no URL is configured. */
export async function lookAtPublicUrl(publicUrl: string | null, isNeeded: boolean): Promise<Finding[]> {
  const finding = (problem: string, known: string, mend: string): Finding => ({
    ...{ area: 'public_url', subject: publicUrl, problem, known, mend },
  });
  if (publicUrl === null)
    return isNeeded
      ? [
          finding(
            'links in messages, and callbacks of providers, lead to an address of this machine',
            'CRESSET_PUBLIC_URL is unset',
            'Set CRESSET_PUBLIC_URL to the URL at which people and providers reach this server.',
          ),
        ]
      : [];
  const asked = `GET ${publicUrl}/health`;
  const got = await get(`${publicUrl}/health`).catch((error: unknown) => wordsOf(error));
  if (typeof got === 'string')
    return [
      finding(
        'nobody reaches it',
        `${asked}: ${got}`,
        'Start the server, or correct CRESSET_PUBLIC_URL, DNS, the proxy or its certificate.',
      ),
    ];
  const findings: Finding[] = [];
  if (got.skewMs !== null && Math.abs(got.skewMs) > MOST_SKEW_MS)
    findings.push(clockFinding(`that of ${publicUrl}`, got.skewMs, `${asked}: its header Date`));
  if (got.status === 503)
    return [
      ...findings,
      finding('the server there does not reach its database', `${asked}: 503`, 'Look at the log of that server.'),
    ];
  if (!isCresset(got))
    return [
      ...findings,
      finding(
        'something else answers there, and not Cresset',
        `${asked}: ${got.status}, without the answer of /health`,
        'Correct CRESSET_PUBLIC_URL, or let the proxy pass all paths on unchanged.',
      ),
    ];
  if (publicUrl.startsWith('http:') && !isOfThisMachine(publicUrl))
    findings.push(
      finding(
        'its links are not encrypted, and the one-click unsubscribe needs https',
        'CRESSET_PUBLIC_URL begins with http:',
        'Serve it by https, and say so in CRESSET_PUBLIC_URL.',
      ),
    );
  return findings;
}

function isCresset({ status, json }: Got): boolean {
  return status === 200 && isObject(json) && json.message === 'success' && isObject(json.database);
}

function isOfThisMachine(url: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);
}
