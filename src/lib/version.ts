import { readFileSync } from 'node:fs';

/** Cresset's version. */
export const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
