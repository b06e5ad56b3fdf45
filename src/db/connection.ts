import type { ClientConfig } from 'pg';

/** Modes that the driver takes for `verify-full`, and warns of. Those of libpq check less. */
const alsoFull = /([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/;

/** Reads `postgres://…`, or for the embedded database `socket:<folder>?db=<name>&user=<name>&password=<text>`. */
export function clientConfig(url: string): ClientConfig {
  const common: ClientConfig = { application_name: 'cresset', keepAlive: true };
  if (!url.startsWith('socket:')) return { ...common, connectionString: url.replace(alsoFull, '$1verify-full') };
  const { pathname, searchParams } = new URL(url);
  return {
    ...common,
    host: decodeURIComponent(pathname),
    database: searchParams.get('db') ?? 'cresset',
    user: searchParams.get('user') ?? 'cresset',
    ...(searchParams.has('password') && { password: String(searchParams.get('password')) }),
  };
}
