import type { IncomingMessage } from 'node:http';
import { takeWorkspace, withoutWorkspace } from '../operator/asked-workspace.ts';
import type { Page, PageAnswer } from '../page.ts';
import { unknownPath } from '../unknown-path.ts';
import type { ConsoleFiles } from './files.ts';

/** Where a request for a page of the console goes, whatever its path. */
const PAGE = '/console/page';

/** The paths that the client reads, by their first part. */
const entries = new Set([
  ...[
    '',
    'find',
    'dispatches',
    'sets',
    'people',
    'outbox',
    'audiences',
    'campaigns',
    'requests',
    'settings',
    'compose',
    'templates',
    'schedules',
    'reference',
    'more',
  ],
]);

/**
 * Scripts and styles come from this server and nowhere else, and nothing is inline. Frames show mails, which have a policy
 * of their own. A script cannot make HTML of a text.
 */
const policy = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "frame-src 'self'"],
  ...["base-uri 'self'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"],
].join('; ');

const headers = {
  'content-security-policy': policy,
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};

/**
 * Sends browsers that ask for a page of the console to it. The API has some of these paths, too: it answers whoever has a
 * key or does not ask for HTML. Before pages of the console and its calls, the path may have a workspace.
 */
export function toConsole(request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): string {
  const { method = '', url = '', headers } = request;
  const { accept = '', authorization } = headers;
  const isNavigation =
    (method === 'GET' || method === 'HEAD') && accept.includes('text/html') && authorization === undefined;
  if (!isNavigation) return takeWorkspace(request);
  const [, first = ''] = withoutWorkspace(url)
    .replace(/[?#].*$/s, '')
    .split('/');
  return entries.has(first) ? PAGE : takeWorkspace(request);
}

/** The console: one page for all its paths, and the files that it loads. `publicUrl`: whose path is that of the console. */
export function consolePages({ files, publicUrl }: { files: ConsoleFiles; publicUrl: string }): Page[] {
  const base = `${new URL(publicUrl).pathname.replace(/\/$/, '')}/`;
  const page = async (): Promise<PageAnswer> => {
    const index = files.index();
    if (index === null)
      return { status: 503, type: 'text/html; charset=utf-8', body: NOT_BUILT, headers: { 'retry-after': '5' } };
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      body: index.replace('<head>', `<head><base href="${base}">`),
    };
  };
  return [
    { method: 'GET', path: PAGE, headers, handle: page },
    { method: 'HEAD', path: PAGE, headers, handle: page },
    {
      method: 'GET',
      path: '/assets/:name',
      headers: { 'x-content-type-options': 'nosniff', vary: 'accept-encoding' },
      async handle({ params: { name = '' }, headers: { 'accept-encoding': accepted }, rawUrl }) {
        const file = files.asset(name);
        if (file === null) throw unknownPath(rawUrl);
        const kept = { 'cache-control': 'public, max-age=31536000, immutable' };
        if (!takesGzip(accepted)) return { status: 200, type: file.type, body: file.plain, headers: kept };
        const headers = { ...kept, 'content-encoding': 'gzip' };
        return { status: 200, type: file.type, body: file.zipped, headers };
      },
    },
  ];
}

function takesGzip(accepted: string | string[] | undefined): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(1|0\.[1-9]))?\s*(,|$)/.test(String(accepted ?? ''));
}

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Cresset</title></head>
<body><main><h1>The console is being built</h1>
<p>The API works already. Reload this page in some seconds. If it stays, run <code>npm run console</code> and look at what it prints.</p>
</main></body></html>
`;
