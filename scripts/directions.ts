import { dirname, join, normalize } from 'node:path';

/** A file in src/, and the files in src/ from which it imports values or types. */
export interface SourceFile {
  path: string;
  imports: readonly string[];
}

/** The lower layers, which nearly everything may import. */
const base = [
  ...[
    'lib',
    'errors',
    'metrics',
    'traces',
    'db',
    'templating',
    'net',
    'channels',
    'content',
    'workspace',
    'item-catalogs',
    'media-library',
    'connected-content',
    'people',
    'cards',
    'audience',
  ],
  'queue',
];

/**
 * For each room (folder) of src/, the other rooms that it may import from. A room that is not listed is refused, so a new one
 * must get its place here first. A test may import anything.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  metrics: [],
  traces: ['lib'],
  lib: ['errors'],
  net: ['lib'],
  db: ['lib', 'errors'],
  queue: ['db', 'lib'],
  templating: ['lib'],
  channels: ['templating', 'net', 'lib', 'errors'],
  content: ['channels', 'templating', 'db', 'lib', 'errors'],
  workspace: ['channels', 'net', 'db', 'lib', 'errors'],
  'item-catalogs': ['templating', 'db', 'lib', 'errors'],
  'media-library': ['db'],
  'connected-content': ['templating', 'channels', 'net', 'lib', 'errors'],
  people: ['workspace', 'channels', 'templating', 'db', 'lib', 'errors'],
  cards: ['people', 'workspace', 'channels', 'db', 'lib', 'errors'],
  audience: ['people', 'workspace', 'channels', 'templating', 'db', 'lib', 'errors'],
  alerts: ['dispatch/report', 'feedback', 'workspace', 'net', 'db', 'lib'],
  exports: ['audience', 'people', 'workspace', 'net', 'db', 'lib', 'errors'],
  feedback: [...base, 'dispatch/plan', 'dispatch/ledger'],
  simulate: ['net', 'lib'],
  shadow: ['lib'],
  sdk: [],
  client: [],
  mcp: ['client', 'lib'],
  operators: ['db', 'lib', 'errors'],
  console: [],

  // The rooms of a send, in the order of its life.
  'dispatch/plan': base,
  'dispatch/ledger': [...base, 'dispatch/plan'],
  'dispatch/accept': [...base, 'dispatch/plan', 'dispatch/ledger'],
  'dispatch/expand': [...base, 'dispatch/plan', 'dispatch/ledger'],
  'dispatch/admit': [...base, 'dispatch/plan', 'dispatch/ledger', 'feedback'],
  'dispatch/pauses': [...base, 'dispatch/plan', 'dispatch/ledger'],
  'dispatch/accounts': [...base, 'dispatch/plan', 'dispatch/ledger', 'dispatch/pauses'],
  'dispatch/push': [
    ...base,
    ...['dispatch/plan', 'dispatch/ledger', 'dispatch/admit', 'dispatch/pauses', 'dispatch/accounts'],
  ],
  'dispatch/deliver': [
    ...base,
    ...['dispatch/plan', 'dispatch/ledger', 'dispatch/control', 'dispatch/expand', 'dispatch/admit', 'dispatch/push'],
    ...['dispatch/pauses', 'dispatch/accounts', 'feedback'],
  ],
  'dispatch/control': [...base, 'dispatch/plan', 'dispatch/ledger', 'dispatch/expand'],
  'dispatch/report': [
    ...base,
    'dispatch/plan',
    'dispatch/ledger',
    'dispatch/expand',
    'dispatch/admit',
    'dispatch/pauses',
    'dispatch/accounts',
    'feedback',
  ],
  'dispatch/upkeep': [...base, 'dispatch/plan', 'dispatch/accept', 'dispatch/ledger', 'dispatch/accounts', 'feedback'],
  dispatch: [...base, 'dispatch/*', 'feedback'],

  http: [...base, 'exports', 'dispatch/*', 'feedback', 'operators'],
  config: ['traces', 'lib'],
  app: [...base, 'alerts', 'exports', 'dispatch', 'dispatch/*', 'feedback', 'http'],
  process: [...base, 'alerts', 'operators', 'app', 'config', 'dispatch/plan', 'http'],
  testing: [...base, 'app', 'dispatch/plan', 'dispatch/ledger', 'dispatch/report', 'process'],
  backup: ['dispatch/control', 'db', 'lib'],
  doctor: ['workspace', 'channels', 'dispatch/plan', 'queue', 'net', 'db', 'lib'],
  cli: [...base, 'config', 'dispatch/plan', 'dispatch/report', 'http', 'simulate', 'backup', 'doctor', 'shadow', 'mcp'],
  main: ['process', 'cli', 'audience', 'dispatch/plan'],
};

/** `import … from`, `export … from`, `import` for its effects alone, and `import()` of a value or a type. */
const IMPORT = /^(?:import|export)\b[^;]*?from '(\.[^']+)';|^import '(\.[^']+)';|\bimport\('(\.[^']+)'\)/gm;

/** The file with what it imports of src/. `path`: from the root of the repository. */
export function readSource(path: string, text: string): SourceFile {
  const named = [...text.matchAll(IMPORT)].map(([, from, alone, lazily]) => from ?? alone ?? lazily ?? '');
  const imports = named.map((one) => normalize(join(dirname(path), one)));
  return { path, imports: imports.filter((one) => one.startsWith('src/')) };
}

/** One sentence for each import that points the wrong way. */
export function findProblems(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, imports }) => {
    if (path.endsWith('.test.ts')) return [];
    const room = roomOf(path);
    const allowed = mayImport[room];
    if (allowed === undefined)
      return [`${path}: ${room} is not listed in scripts/directions.ts; give it a place there`];
    const wrong = imports.filter((one) => roomOf(one) !== room && !isAllowed(roomOf(one), allowed));
    return wrong.map((one) => `${path}: ${room} may not import ${one}`);
  });
}

function isAllowed(room: string, allowed: readonly string[]): boolean {
  return allowed.includes(room) || allowed.includes(`${room.split('/')[0]}/*`);
}

/** `src/dispatch/plan/states.ts` is in `dispatch/plan`, `src/http/server.ts` in `http`, `src/app.ts` in `app`. */
function roomOf(path: string): string {
  const [, first = '', second = '', ...rest] = path.split('/');
  if (second === '') return first.replace(/\.ts$/, '');
  return first === 'dispatch' && rest.length > 0 ? `${first}/${second}` : first;
}

/** The files of one circle of imports, in order. null: there is no circle. */
export function findCircle(files: readonly SourceFile[]): string[] | null {
  const imports = new Map(files.map((file) => [file.path, file.imports]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    trail.push(path);
    for (const next of imports.get(path) ?? []) {
      const circle = visit(next);
      if (circle !== null) return circle;
    }
    trail.pop();
    done.add(path);
    return null;
  };
  for (const { path } of files) {
    const circle = visit(path);
    if (circle !== null) return circle;
  }
  return null;
}
