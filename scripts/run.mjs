// `node scripts/run.mjs <script> …` runs a script of this project, and `--bin name …` runs a tool that it depends on.
// Both run with the pinned Node.js, after missing dependencies are installed.
import { runPinned } from './pinned-node.mjs';

const [first, ...rest] = process.argv.slice(2);
if (first === '--bin') await runPinned(new URL(`../node_modules/.bin/${rest[0]}`, import.meta.url), rest.slice(1));
else await runPinned(new URL(`../${first}`, import.meta.url), rest);
