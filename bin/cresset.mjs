#!/usr/bin/env node
// Runs `cresset` with the Node.js that this project pins, whatever Node.js is installed.
import { runPinned } from '../scripts/pinned-node.mjs';

await runPinned(new URL('../src/main.ts', import.meta.url), process.argv.slice(2));
