import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { isObject } from '../../lib/raw/json.ts';
import { EmbeddedDatabaseError } from './error.ts';

/**
 * Makes the links between PostgreSQL's libraries that are missing. An archive of npm cannot hold links, so the package has a
 * list of them, and an install script makes them. Many installations run no scripts.
 * `folder`: the folder of the package. Throws EmbeddedDatabaseError if a link cannot be made.
 */
export function linkLibraries(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of readLinks(list)) {
    const [from, to] = [join(folder, source), join(folder, target)];
    if (isThere(to)) continue;
    try {
      symlinkSync(relative(dirname(to), from), to);
    } catch (cause) {
      const code = Object(cause).code;
      if (code === 'EEXIST') continue; // another start made it meanwhile
      throw new EmbeddedDatabaseError(
        `PostgreSQL lacks the link ${to}, which could not be made (${code}). Install the package again with its scripts allowed, run Cresset once as the owner of this folder, or set DATABASE_URL.`,
        { cause },
      );
    }
  }
}

/** Whether there is an entry, even a link that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readLinks(list: string): { source: string; target: string }[] {
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (Array.isArray(links) && links.every(isLink)) return links;
  throw new EmbeddedDatabaseError(`${list}: expected a list of links inside its package`);
}

function isLink(link: unknown): link is { source: string; target: string } {
  return isObject(link) && isInside(link.source) && isInside(link.target);
}

function isInside(path: unknown): boolean {
  return typeof path === 'string' && !isAbsolute(path) && !path.split('/').includes('..');
}
