import { resolve } from 'node:path';
import { encodingProblem } from '../lib/encoding/url-encoding.ts';
import { integer, matching, path, url, type Variable } from './variable.ts';

export const roles = Object.freeze(['api', 'worker'] as const);
export type Role = (typeof roles)[number];

/** Where a server listens, where it keeps its data, and what it does. null: not set. */
export interface ServerConfig {
  host: string;
  /** TCP port. 0: any free port. */
  port: number;
  /** TCP port of `/health` on a server without the role `api`. 0: any free port. null: it listens on none. */
  healthPort: number | null;
  /** TCP port on which bounce mails and complaints are received, on servers with the role `api`. null: they are not. */
  smtpPort: number | null;
  /** Absolute paths of the certificate and key for STARTTLS, as PEM. null: it is not offered. */
  smtpTlsCert: string | null;
  smtpTlsKey: string | null;
  /** URL of the database, which may hold a password. null: the embedded database in `dataDir`. */
  databaseUrl: string | null;
  /** Absolute path of the data folder. */
  dataDir: string;
  roles: readonly Role[];
}

export const serverVariables: { [K in keyof ServerConfig]: Variable<ServerConfig[K]> } = {
  host: {
    name: 'HOST',
    fallback: '127.0.0.1',
    shownFallback: '`127.0.0.1`',
    expected: 'an address or host name to listen on',
    meaning: 'The address to listen on. `0.0.0.0` or `::`: every address of this machine.',
    read: matching(/^[A-Za-z0-9.:_-]{1,253}$/),
  },
  port: {
    name: 'PORT',
    fallback: 8080,
    shownFallback: '`8080`',
    expected: 'an integer from 0 to 65535',
    meaning: 'The TCP port to listen on. `0`: any free port.',
    read: integer(0, 65_535),
  },
  healthPort: {
    name: 'CRESSET_HEALTH_PORT',
    fallback: null,
    shownFallback: 'unset: `PORT`, if that is set; otherwise none',
    expected: 'an integer from 0 to 65535',
    meaning:
      'The TCP port on which a server without the role `api` answers `/health`, and nothing else. `0`: any free port.',
    read: integer(0, 65_535),
  },
  smtpPort: {
    name: 'CRESSET_SMTP_PORT',
    fallback: null,
    shownFallback: 'unset: none',
    expected: 'an integer from 0 to 65535',
    meaning:
      'The TCP port on which a server with the role `api` receives bounce mails and complaints over SMTP. `0`: any free port. See [email.md](email.md#bounce-mails-and-complaints).',
    read: integer(0, 65_535),
  },
  smtpTlsCert: {
    name: 'CRESSET_SMTP_TLS_CERT',
    fallback: null,
    shownFallback: 'unset: no STARTTLS',
    expected: 'the path of a file',
    meaning: 'The file with the certificate chain, as PEM, for STARTTLS on that port. It needs `CRESSET_SMTP_TLS_KEY`.',
    read: path,
  },
  smtpTlsKey: {
    name: 'CRESSET_SMTP_TLS_KEY',
    fallback: null,
    shownFallback: 'unset: no STARTTLS',
    expected: 'the path of a file',
    meaning: 'The file with the private key of that certificate, as PEM.',
    read: path,
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    fallback: null,
    shownFallback: 'unset: the embedded PostgreSQL',
    expected: 'a URL that starts with postgres://, postgresql:// or socket:',
    meaning:
      'The URL of a PostgreSQL 15 or newer. Any number of servers may share one. `socket:/var/run/postgresql?db=cresset&user=cresset&password=…` names a Unix socket. Percent-encode user and password: `@` is `%40`, `:` is `%3A`, `/` is `%2F`, `#` is `%23`, `?` is `%3F`, `%` is `%25`.',
    problemOf: encodingProblem,
    read: url(['postgres:', 'postgresql:', 'socket:']),
  },
  dataDir: {
    name: 'CRESSET_DATA_DIR',
    fallback: resolve('data'),
    shownFallback: '`./data`',
    expected: 'the path of a folder',
    meaning:
      'The folder of the embedded database and of the secret made when `CRESSET_SECRET` is unset. See [database.md](database.md).',
    read: path,
  },
  roles: {
    name: 'CRESSET_ROLES',
    fallback: roles,
    shownFallback: '`api,worker`',
    expected: `a comma-separated list of ${roles.join(', ')}`,
    meaning: 'What this process does: `api` answers requests, `worker` delivers messages.',
    read: readRoles,
  },
};

function readRoles(text: string): readonly Role[] | undefined {
  const words = text.split(',').map((word) => word.trim());
  const known = words.every((word) => roles.some((role) => role === word));
  return known ? Object.freeze(roles.filter((role) => words.includes(role))) : undefined;
}

/** What does not fit together. */
export function serverProblems({ smtpTlsCert, smtpTlsKey }: ServerConfig): string[] {
  const { smtpTlsCert: cert, smtpTlsKey: key } = serverVariables;
  return (smtpTlsCert === null) === (smtpTlsKey === null)
    ? []
    : [`${cert.name} and ${key.name}: expected both or none`];
}
