import type { Bot } from '../event.ts';

/** Who fetched a link or a pixel, as far as the request itself tells. `why` null: nothing speaks against a person. */
export interface Visitor {
  bot: Bot;
  why: Why | null;
}

/** Why a visitor is taken for a machine, or for a person behind a machine. */
export type Why =
  | 'no_user_agent'
  | 'user_agent'
  | 'prefetch'
  | 'image_proxy'
  | 'bare_user_agent'
  | 'hidden_link'
  | 'too_soon'
  | 'several_links';

/** What Apple's mail privacy protection says. Others say it, too, so alone it proves nothing. */
const BARE = 'Mozilla/5.0';
/** Gmail fetches pictures when a mail is opened, and keeps quiet about who opened it. */
const GMAIL = /GoogleImageProxy|ggpht\.com/i;
const MACHINES =
  /(?<!cu)bot\b|crawl|spider|slurp|scan|preview|curl\/|wget\/|python|go-http-client|java\/|okhttp|libwww|httpclient|headless|phantom|barracuda|mimecast|proofpoint|symantec|fireeye|trendmicro|sophos|facebookexternalhit|node-fetch|axios|undici/i;

/** Who made a request. `purpose`: the headers by which browsers say that nobody has looked yet. */
export function visitorOf({ userAgent, purpose }: { userAgent: string; purpose: string }): Visitor {
  if (userAgent.trim() === '') return { bot: 'scanner', why: 'no_user_agent' };
  if (GMAIL.test(userAgent)) return { bot: 'gmail', why: 'image_proxy' };
  if (MACHINES.test(userAgent)) return { bot: 'scanner', why: 'user_agent' };
  if (/prefetch|preview/i.test(purpose)) return { bot: 'scanner', why: 'prefetch' };
  return { bot: 'none', why: userAgent === BARE ? 'bare_user_agent' : null };
}
