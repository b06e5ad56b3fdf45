// The HEALTHCHECK of the images: ends with 0 if the server of this container answers /livez, and with 1 otherwise.
// It needs no shell and no curl, and asks by address, because `localhost` may be one on which nobody listens.
const { HOST = '', PORT = '', CRESSET_HEALTH_PORT = '', CRESSET_ROLES = '' } = process.env;

/** Longest time to wait, in milliseconds; less than the `--timeout` of the HEALTHCHECK, so that the reason is printed. */
const PATIENCE_MS = 4_000;

const everywhere = ['', '0.0.0.0', '::'];
const host = everywhere.includes(HOST) ? '127.0.0.1' : HOST;
const hasApi = CRESSET_ROLES === '' || CRESSET_ROLES.split(',').some((role) => role.trim() === 'api');
const port = (hasApi ? '' : CRESSET_HEALTH_PORT) || PORT || '8080';
const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/livez`;

try {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  console.log(`${url}: ${status}`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  console.error(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
