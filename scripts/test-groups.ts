// Decides which test files share a process. To load the server takes a process longer than most files take for their tests.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Files with a process of their own, by the beginnings of their paths: those that measure the processor time of their thread,
 * change the working directory or fake timers, and the longest, which begin first, so that none of them is left for the end.
 */
const ALONE = [
  'chaos/chaos',
  'src/cli/users-import',
  'src/templating/linear',
  'test/content-cards-chromium',
  'test/crash',
  'test/docs',
  'test/email-events',
  'test/hostile.',
  'test/linear',
  'test/memory-limits',
  'test/nine-channels-books',
  'test/server',
  'test/sms-crash',
  'test/testing-double',
];
/** Files that pack the package, by the beginnings of their paths. They share one process: each would write over the other's dist/. */
const PACKING = ['test/deploy-images', 'test/package'];
/** Most test files in one process. */
const MOST_TOGETHER = 14;
/** fast-check makes a table of all characters in each process that asks for strings of them, which takes a second. */
const ALL_CHARACTERS = /unit: '(binary|grapheme)'|support\/mutations/;

/**
 * Returns the test files that share a process, group by group, in the order in which they begin.
 * `textOf`: returns the text of a file.
 */
export function groupsOf(files: readonly string[], textOf = (file: string) => readFileSync(file, 'utf8')): string[][] {
  const alone = files.filter((file) => ALONE.some((start) => file.startsWith(start)));
  const packing = files.filter((file) => PACKING.some((start) => file.startsWith(start)));
  const together = files.filter((file) => !alone.includes(file) && !packing.includes(file));
  const unicode = together.filter((file) => ALL_CHARACTERS.test(textOf(file)));
  const others = together.filter((file) => !unicode.includes(file));
  return [...(packing.length > 0 ? [packing] : []), ...alone.map((file) => [file]), ...deal(unicode), ...deal(others)];
}

/** Deals files like cards, because neighbours are alike: no group gets all that are slow. */
function deal(files: readonly string[]): string[][] {
  const count = Math.ceil(files.length / MOST_TOGETHER);
  return Array.from({ length: count }, (_, group) => files.filter((_, index) => index % count === group));
}

/**
 * Writes a module for each group that imports its files, and returns the paths of the modules for Node's runner, which begins
 * them in the order of their names. The tests of a group run one after the other, as those of one file do.
 */
export function writeGroups(groups: readonly string[][], folder: string): string[] {
  return groups.map((files, index) => {
    const path = join(folder, `group-${String(index).padStart(3, '0')}.mjs`);
    const urls = files.map((file) => pathToFileURL(resolve(file)).href);
    writeFileSync(path, urls.map((url) => `import ${JSON.stringify(url)};\n`).join(''));
    return path;
  });
}
