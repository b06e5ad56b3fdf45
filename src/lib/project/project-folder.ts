import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds package.json and migrations/: of the clone or of the installed package. Modules are at different
 * depths below it, because the package holds them bundled.
 */
export const projectFolder = folderOf(dirname(fileURLToPath(import.meta.url)));

function folderOf(inside: string): string {
  if (existsSync(join(inside, 'package.json'))) return inside;
  const outside = dirname(inside);
  if (outside === inside) throw new Error('no folder above this module has a package.json');
  return folderOf(outside);
}
