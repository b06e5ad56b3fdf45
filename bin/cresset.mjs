#!/usr/bin/env node
// Runs `cresset` with the Node.js this project pins, whatever Node is installed here.
import { runPinned } from '../scripts/pinned-node.mjs';

await runPinned(new URL('../src/main.ts', import.meta.url), process.argv.slice(2));
