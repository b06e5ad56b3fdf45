import type { SendRemarks } from '../../dispatch/plan/remarks.ts';
import { nearest } from '../../lib/raw/did-you-mean.ts';
import type { RouteRequest } from '../route.ts';

const HEADER = 'idempotency-key';
/** Most headers that are looked at closely. */
const MOST = 10;

/**
 * The remarks, with one for each header that was probably meant to be `Idempotency-Key`, such as `X-Idempotency-Key`: a
 * caller who relies on it would send twice. `instead`: the member of the body that does the same.
 */
export function withHeaderRemarks(
  remarks: SendRemarks,
  { headers }: Pick<RouteRequest, 'headers'>,
  instead?: string,
): SendRemarks {
  const alike = Object.keys(headers).filter((name) => name.includes('idem') && name !== HEADER);
  if (alike.length === 0) return remarks;
  const slips = alike.slice(0, MOST).filter((name) => nearest(name.replace(/^x-/, ''), [HEADER]) !== null);
  if (slips.length === 0 || (instead === undefined && headers[HEADER] !== undefined)) return remarks;
  const meant = instead === undefined ? 'did you mean Idempotency-Key?' : `${instead} in the body does the same`;
  const told = slips.map((name) => `header ${name.slice(0, 64)}: not known, ignored; ${meant}`);
  return { ...remarks, warnings: [...told, ...remarks.warnings] };
}
