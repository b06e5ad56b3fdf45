import { extname } from 'node:path';

/**
 * The URL of the module `name` (without an extension) in the folder of the module whose `import.meta.url` is `importer`. The
 * extension is that of the importer: `.ts` in a clone, `.js` in the compiled package.
 */
export function moduleBeside(importer: string, name: string): URL {
  return new URL(`./${name}${extname(importer)}`, importer);
}
