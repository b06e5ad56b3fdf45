#!/usr/bin/env node
// The command `cresset`. In a clone it runs the sources with the Node.js that the project pins, whatever Node.js is
// installed. An installed package holds compiled code, which runs on the Node.js that started this file (decision 64).
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/** The oldest major version of Node.js that the package runs on. It is `engines` of package.json; a test compares them. */
const OLDEST_NODE = 24;

const sources = new URL('../src/main.ts', import.meta.url);

if (existsSync(fileURLToPath(sources))) {
  const { runPinned } = await import('../scripts/pinned-node.mjs');
  await runPinned(sources, process.argv.slice(2));
} else if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE) {
  process.stderr.write(
    `cresset needs Node.js ${OLDEST_NODE} or newer, and this is ${process.version}. To run it with another one: npx -p node@26 -p cresset cresset …\n`,
  );
  process.exitCode = 1;
} else {
  // Later starts read what this one compiled. An unwritable folder only makes them slower.
  module.enableCompileCache();
  await import('../dist/main.js');
}
