import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../../lib/project/project-folder.ts';
import type { Page } from '../page.ts';

/** Pages of other sites load the scripts. Any origin may, because they are the same for everybody. */
export const crossOrigin = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
};

/** Serves a script of src/sdk. */
export function script(path: string, name: string, headers: Record<string, string>): Page {
  const body = sdkFile(name);
  return {
    method: 'GET',
    path,
    headers: { ...crossOrigin, ...headers },
    handle: async () => ({ status: 200, type: 'text/javascript; charset=utf-8', body }),
  };
}

/** In a clone, and in the package. */
const folder = ['src/sdk', 'dist/sdk'].map((path) => join(projectFolder, path)).find(existsSync) ?? '';
const files = new Map<string, string>();

/** The text of a file of src/sdk, which is read once. */
export function sdkFile(name: string): string {
  const known = files.get(name) ?? readFileSync(join(folder, name), 'utf8');
  files.set(name, known);
  return known;
}
