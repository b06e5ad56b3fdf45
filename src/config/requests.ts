import { encodingProblem } from '../lib/encoding/url-encoding.ts';
import { integer, url, type Variable } from './variable.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const SMALLEST_BODY_LIMIT = 1_024;
const LARGEST_BODY_LIMIT = 104_857_600;
const LARGEST_LISTS = 1_099_511_627_776;

/** How requests are taken and told of. null: not set. */
export interface RequestConfig {
  trustedProxyHops: number;
  bodyLimitBytes: number;
  listBytes: number;
  logLevel: LogLevel;
  /** URL at which recipients reach this server, without a slash at its end. */
  publicUrl: string | null;
}

export const requestVariables: { [K in keyof RequestConfig]: Variable<RequestConfig[K]> } = {
  trustedProxyHops: {
    name: 'CRESSET_TRUSTED_PROXY_HOPS',
    fallback: 0,
    shownFallback: '`0`',
    expected: 'an integer from 0 to 32',
    meaning:
      'The number of proxies in front of this server that are trusted to report the address of a client (`X-Forwarded-For`), for the allow lists of API keys.',
    read: integer(0, 32),
  },
  bodyLimitBytes: {
    name: 'CRESSET_BODY_LIMIT',
    fallback: 4_194_304,
    shownFallback: '`4194304` (4 MiB)',
    expected: `a number of bytes from ${SMALLEST_BODY_LIMIT} to ${LARGEST_BODY_LIMIT}`,
    meaning: 'The largest body of a request, in bytes. A larger one is answered with 413.',
    read: integer(SMALLEST_BODY_LIMIT, LARGEST_BODY_LIMIT),
  },
  listBytes: {
    name: 'CRESSET_LIST_BYTES',
    fallback: 1_073_741_824,
    shownFallback: '`1073741824` (1 GiB)',
    expected: `a number of bytes from ${SMALLEST_BODY_LIMIT} to ${LARGEST_LISTS}`,
    meaning:
      'Most bytes of recipient lists of `POST /dispatches` that a workspace may have stored at once. A list is stored until its people are written as recipients; beyond the limit, lists are answered with 503.',
    read: integer(SMALLEST_BODY_LIMIT, LARGEST_LISTS),
  },
  logLevel: {
    name: 'CRESSET_LOG_LEVEL',
    fallback: 'info',
    shownFallback: '`info`',
    expected: `one of ${logLevels.join(', ')}`,
    meaning: `How much is logged: ${logLevels.map((level) => `\`${level}\``).join(', ')}.`,
    read: (text) => logLevels.find((level) => level === text),
  },
  publicUrl: {
    name: 'CRESSET_PUBLIC_URL',
    fallback: null,
    shownFallback: 'unset: made of `HOST` and `PORT`',
    expected: 'a URL that starts with http:// or https://, without user, query and fragment',
    meaning: 'Where recipients reach this server: the beginning of unsubscribe links.',
    problemOf: encodingProblem,
    read: readPublicUrl,
  },
};

function readPublicUrl(text: string): string | undefined {
  if (url(['http:', 'https:'])(text) === undefined) return undefined;
  const { origin, pathname, search, hash, username, password } = new URL(text);
  if (search + hash + username + password !== '' || /[?#]$/.test(text)) return undefined;
  return `${origin}${pathname}`.replace(/\/+$/, '');
}
