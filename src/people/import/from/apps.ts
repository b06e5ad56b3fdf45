import type { Platform } from '../../../channels/provider.ts';
import { shown } from '../../../lib/raw/json.ts';
import { type App, idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';

/** Other systems' words for platforms. */
const platforms: ReadonlyMap<string, Platform> = new Map<string, Platform>([
  ...(['ios', 'android', 'kindle', 'web'] as const).map((name): [string, Platform] => [name, name]),
  ['fireos', 'kindle'],
  ['fire_os', 'kindle'],
]);

/** The platform of a word. null: none that gets push messages here. */
export function platformOf(word: unknown): Platform | null {
  return typeof word === 'string' ? (platforms.get(word.trim().toLowerCase()) ?? null) : null;
}

/** Finds the apps of the workspace that a file means. */
export class AppsOfFile {
  readonly #workspace: WorkspaceCatalog;
  /** Ids of apps, by the name or platform in the file. */
  readonly #given: ReadonlyMap<string, string>;

  constructor(workspace: WorkspaceCatalog, given: ReadonlyMap<string, string>) {
    this.#workspace = workspace;
    this.#given = given;
  }

  /** The app that a file calls by this name. A text says why there is none. */
  named(name: unknown, platform: Platform | null): App | string {
    if (typeof name !== 'string' || name.trim() === '') return 'expected the name of an app';
    const given = this.#given.get(name) ?? (platform === null ? undefined : this.#given.get(platform));
    const { apps } = this.#workspace;
    const exact = apps.get(idKey(given ?? name));
    if (exact !== undefined) return exact;
    const fits = (app: App) => app.name === name && (platform === null || app.platform === platform);
    const [found, ...others] = [...apps.values()].filter(fits);
    if (found !== undefined && others.length === 0) return found;
    const what = found === undefined ? 'names no app' : 'names several apps';
    return `${what} of this workspace, got "${shown(name)}"; --app '${shown(name)}=<id of an app>' says which`;
  }

  /** The app for a platform, if the file names none. A text says why there is none. */
  of(platform: Platform): App | string {
    const given = this.#given.get(platform);
    const fitting = [...this.#workspace.apps.values()].filter((app) => app.platform === platform);
    const [found, ...others] = fitting.filter(({ id }) => given === undefined || idKey(given) === id);
    if (found !== undefined && others.length === 0) return found;
    const what = fitting.length === 0 ? 'no app' : `${fitting.length} apps`;
    return `the workspace has ${what} for ${platform}${fitting.length === 0 ? '' : `; --app ${platform}=<id> says which`}`;
  }
}
