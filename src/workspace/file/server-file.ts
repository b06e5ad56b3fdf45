import { basename } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isObject, own } from '../../lib/raw/json.ts';
import { Problems } from '../../lib/raw/problems.ts';
import { idKey } from '../catalog.ts';
import { WorkspaceNameError } from '../workspaces.ts';
import { readSource } from './apply-file.ts';
import { parseYaml, type ReadYaml, WorkspaceFileError } from './file.ts';
import { stampOf } from './plan-file.ts';
import { resolveReferences, type Surroundings } from './references.ts';

/** Where a workspace file defines something. */
export interface FilePlace {
  /** Name of the file, without its folder. */
  file: string;
  /** Such as `segments[0]`. */
  path: string;
  /** From 1. null: not known. */
  line: number | null;
}

/** What the file defines that a server applies at its start, and that is therefore changed there and nowhere else. */
export interface ServerFile {
  /** Its name, without its folder. */
  file: string;
  /** Why nobody can tell what it defines. null: it was read. */
  problem: string | null;
  /** null: it does not define that. `what` and `id`: as in a plan. */
  placeOf(what: string, id: string | null): FilePlace | null;
}

/**
 * The file of this server, as it is on the disk now. null: there is none for this workspace. `mayBeOld`: while a large file is
 * read again, as it was before; one that was never read has that as its problem.
 */
export type ReadServerFile = (workspaceId: number, how?: { mayBeOld: boolean }) => Promise<ServerFile | null>;

interface Options extends Surroundings {
  /** Chooses the workspace by the name in the file. null: the file gives none. */
  choose(nameInFile: string | null): Promise<number>;
  /** Reads the names of a large file where no request waits for it. Absent: they are read here. */
  readLarge?: () => Promise<NamesOfFile>;
}

/** A larger file takes more than a hundred milliseconds to read. */
const LARGE_BYTES = 65_536;
/** How long whoever takes an old one waits for the new one, in milliseconds. */
const SOON_MS = 100;

/** Sections whose entries are things of their own, which the file defines one by one. */
const lists = {
  apps: 'app',
  subscription_groups: 'subscription_group',
  segments: 'segment',
  campaigns: 'campaign',
} as const;

/** Reads what the file defines, again whenever it has changed. It begins with a large one at once. */
export function createServerFile({ choose, readLarge, ...at }: Options): ReadServerFile {
  let known: { stamp: string; read: Promise<NamesOfFile> } | null = null;
  let last: NamesOfFile = { name: null, problem: 'it is still being read; look again in a moment', places: new Map() };

  function read(): Promise<NamesOfFile> {
    const { text: stamp, sizeBytes } = stampOf(at.path);
    if (known?.stamp === stamp) return known.read;
    const isLarge = readLarge !== undefined && sizeBytes > LARGE_BYTES;
    const reading = { stamp, read: isLarge ? readLarge() : Promise.resolve(readNames(at)) };
    known = reading;
    reading.read.then(
      (names) => {
        last = names;
      },
      () => {
        if (known === reading) known = null; // Whoever asks next tries again.
      },
    );
    return reading.read;
  }

  async function readSoon(): Promise<NamesOfFile> {
    const time = new AbortController();
    const late = pause(SOON_MS, null, { signal: time.signal }).then(
      () => last,
      () => last,
    );
    return Promise.race([read(), late]).finally(() => time.abort());
  }

  if (readLarge !== undefined && stampOf(at.path).sizeBytes > LARGE_BYTES) read();
  return async (workspaceId, { mayBeOld } = { mayBeOld: false }) => {
    const { name, places, problem } = await (mayBeOld ? readSoon() : read());
    const chosen = await choose(name).catch((error: unknown) => {
      if (error instanceof WorkspaceNameError) return null; // It may be for any of them.
      throw error;
    });
    if (chosen !== null && chosen !== workspaceId) return null;
    return {
      ...{ file: basename(at.path), problem },
      placeOf: (what, id) => places.get(keyOf(what, id)) ?? null,
    };
  };
}

/** Which things a file names, and where. */
export interface NamesOfFile {
  /** The workspace's name in the file. */
  name: string | null;
  problem: string | null;
  places: ReadonlyMap<string, FilePlace>;
}

/** Reads only which things the file names, so that a mistake elsewhere in it hides nothing. */
export function readNames(at: Surroundings): NamesOfFile {
  try {
    const yaml = parseYaml(readSource(at.path), at.path);
    const value = yaml.toJS();
    const sections = isObject(value) ? value : {};
    const name = resolved(own(sections, 'name'), at);
    return { name: typeof name === 'string' ? name : null, problem: null, places: placesIn(sections, yaml, at) };
  } catch (error) {
    if (!(error instanceof WorkspaceFileError)) throw error;
    return { name: null, problem: error.problems[0] ?? 'it cannot be read', places: new Map() };
  }
}

function placesIn(
  sections: Readonly<Record<string, unknown>>,
  yaml: ReadYaml,
  at: Surroundings,
): ReadonlyMap<string, FilePlace> {
  const file = basename(at.path);
  const places = new Map<string, FilePlace>();
  for (const [section, value] of Object.entries(sections)) {
    if (value === null) continue;
    if (!isList(section)) {
      const isOfWorkspace = section === 'name' || section === 'time_zone';
      places.set(keyOf(isOfWorkspace ? 'workspace' : section, null), {
        file,
        path: section,
        line: yaml.lineOf([section]),
      });
      continue;
    }
    for (const [index, one] of (Array.isArray(value) ? value : []).entries()) {
      const id = isObject(one) ? resolved(one.id, at) : undefined;
      if (typeof id !== 'string') continue;
      places.set(keyOf(lists[section], id), {
        file,
        path: `${section}[${index}]`,
        line: yaml.lineOf([section, index]),
      });
    }
  }
  return places;
}

function isList(section: string): section is keyof typeof lists {
  return Object.hasOwn(lists, section);
}

/** What a reference stands for. One that cannot be resolved is told when the file is applied. */
function resolved(value: unknown, at: Surroundings): unknown {
  return resolveReferences(value, at, new Problems());
}

function keyOf(what: string, id: string | null): string {
  return `${what} ${id === null ? '' : idKey(id)}`;
}
