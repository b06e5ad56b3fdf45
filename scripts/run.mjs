// `node scripts/run.mjs <script> …` runs a script of this project, `--bin name …` a tool it depends on,
// both with the pinned Node.js and after installing what is missing.
import { runPinned } from './pinned-node.mjs';

const [first, ...rest] = process.argv.slice(2);
if (first === '--bin') await runPinned(new URL(`../node_modules/.bin/${rest[0]}`, import.meta.url), rest.slice(1));
else await runPinned(new URL(`../${first}`, import.meta.url), rest);
