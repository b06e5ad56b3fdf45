// `cresset/testing`. Plain JavaScript for old versions of Node.js, so that they get a sentence in place of a riddle. As with
// `cresset.mjs`, a clone runs its sources and an installed package its compiled code.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The oldest major version of Node.js that the package runs on. It is `engines` of package.json; a test compares them. */
const OLDEST_NODE = 24;

const sources = new URL('../src/testing/testing.ts', import.meta.url);
const isClone = existsSync(fileURLToPath(sources));

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  const ours = isClone ? '. The clone of Cresset has one: node_modules/.bin/node' : '';
  throw new Error(`cresset/testing needs Node.js ${OLDEST_NODE} or newer, and this is ${process.version}${ours}`);
}

const compiled = new URL('../dist/testing.js', import.meta.url);
export const { createCresset, shareDatabase } = await import((isClone ? sources : compiled).href);
