import type { RawObject } from '../../lib/raw/json.ts';

/** Credentials that older clients send in the body. */
export const oldCredentials: readonly string[] = ['api_key', 'app_group_id', 'company_secret'];

export function withoutOldCredentials(body: RawObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !oldCredentials.includes(key)));
}
