import type { Calls, ContentWorkspace } from '../../../connected-content/calls.ts';
import { Fetched } from '../../../connected-content/fetched.ts';

/** Most links of one preview that are called. */
const MOST_LINKS = 20;
/** Longer ones are not links that people follow. */
const LINK = /https?:\/\/[^\s"'<>\\)\]}]{1,2000}/gi;

export interface CheckedLink {
  url: string;
  /** null: it may not be called from here. */
  status: number | null;
  /** Why it cannot be reached. null: it can. */
  failure: string | null;
}

/** The links in rendered messages, each once, without our own. `own`: how those begin. */
export function linksIn(rendered: readonly object[], own: readonly string[]): string[] {
  const found = new Set<string>();
  for (const message of rendered)
    for (const text of textsIn(message))
      for (const [link] of text.matchAll(LINK)) {
        const url = link.replaceAll('&amp;', '&').replace(/[.,;:!?]+$/, '');
        if (URL.canParse(url) && !own.some((start) => url.startsWith(start))) found.add(url);
      }
  return [...found];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Calls links, under the same guard as connected content. A redirect counts as reached, and is not followed. */
export async function checkLinks(
  urls: readonly string[],
  calls: Pick<Calls, 'ask'>,
  workspace: ContentWorkspace,
): Promise<CheckedLink[]> {
  return Promise.all(
    urls.slice(0, MOST_LINKS).map(async (url) => {
      const request = { method: 'GET', url, headers: { accept: '*/*' }, body: null, credential: null } as const;
      const outcome = await calls.ask(
        { ...request, shareSeconds: 0, isRetried: false, isLiteral: false },
        workspace,
        null,
      );
      if (!(outcome instanceof Fetched)) return { url, status: null, failure: 'may not be called from here' };
      const isReached = outcome.status < 400;
      return { url, status: outcome.status, failure: isReached ? null : outcome.failure };
    }),
  );
}
