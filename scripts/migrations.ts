// What a migration may be, so that servers of the version before work on during an upgrade. See docs/database.md.
import { createHash } from 'node:crypto';

/** Migrations that databases may have run: the SHA-256 of each by its file name, in order. */
export type RunMigrations = Readonly<Record<string, string>>;

/** The last migration of 0.1.0. No earlier version is upgraded, so what is older may do anything. */
const LAST_OF_FIRST_VERSION = '0010_message_extras.sql';

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Problems of the migrations, each with its file. `texts`: by file names. `run`: those that databases may have run, which must
 * stay as they are; a new one comes after them.
 */
export function problemsOf(texts: Readonly<Record<string, string>>, run: RunMigrations): string[] {
  const last = Object.keys(run).sort().at(-1) ?? '';
  const changed = Object.entries(run).flatMap(([file, hash]) => {
    const text = texts[file];
    if (text === undefined) return [`${file}: it is missing, and databases have run it`];
    return hashOf(text) === hash ? [] : [`${file}: it has changed, and databases have run it; write another migration`];
  });
  const fresh = Object.keys(texts).filter((file) => run[file] === undefined);
  const misplaced = fresh
    .filter((file) => file < last)
    .map((file) => `${file}: a new migration comes after ${last}, which databases have run`);
  const unlisted = fresh.map((file) => `${file}: it is not in scripts/run-migrations.json; run \`npm run pages\``);
  const later = Object.entries(texts).filter(([file]) => file > LAST_OF_FIRST_VERSION);
  const breaking = later.flatMap(([file, text]) => breaksOf(text).map((problem) => `${file}: ${problem}`));
  return [...changed, ...misplaced, ...unlisted, ...breaking];
}

/** A comment right before a statement that says why servers of the version before survive it after all. */
const SURVIVES = /--\s*survives:\s*\S.{9,}/;

interface Rule {
  /** What such a statement looks like: in lower case, without comments, with single spaces. */
  pattern: RegExp;
  /** What becomes of a server that does not know of it. */
  because: string;
}

const TABLE = String.raw`(?:if exists |only )*("?[\w.]+"?)`;

/** The first group of a pattern is the table. */
const rules: readonly Rule[] = [
  { pattern: RegExp(`^drop table ${TABLE}`), because: 'older servers still use the table' },
  { pattern: RegExp(`^alter table ${TABLE} .*\\bdrop column\\b`), because: 'older servers still use the column' },
  { pattern: RegExp(`^alter table ${TABLE} .*\\brename\\b`), because: 'older servers use the old name' },
  { pattern: RegExp(`^alter table ${TABLE} .*\\bset not null\\b`), because: 'older servers may write null' },
  {
    pattern: RegExp(`^alter table ${TABLE} .*\\badd column (?!.*\\bdefault\\b)[^,]*\\bnot null\\b`),
    because: 'older servers write rows without the column: give it a default',
  },
  {
    pattern: RegExp(
      `^alter table ${TABLE} .*\\badd column .*\\bdefault (?:nextval|random|gen_random_uuid|clock_timestamp)\\b`,
    ),
    because: 'such a default rewrites the table, which is locked meanwhile',
  },
  {
    pattern: RegExp(`^alter table ${TABLE} .*\\balter (?:column )?\\S+ (?:set data )?type\\b`),
    because: 'it rewrites the table, which is locked meanwhile',
  },
  {
    pattern: RegExp(
      `^alter table ${TABLE} .*\\badd (?:constraint \\S+ )?(?:check|foreign key)\\b(?!.*\\bnot valid\\b)`,
    ),
    because: 'it reads every row under a lock: add it as `not valid`, and validate it in a later migration',
  },
  {
    pattern: RegExp(`^alter table ${TABLE} .*\\badd (?:constraint \\S+ )?(?:unique|primary key|exclude)\\b`),
    because: 'it makes an index while nobody can write',
  },
  {
    pattern: /^create (?:unique )?index (?!concurrently).*?\bon (?:only )?("?[\w.]+"?)/,
    because: 'nobody can write to the table while the index is made',
  },
  {
    pattern: RegExp(`^(?:update|delete from|insert into|truncate(?: table)?|lock(?: table)?|merge into) ${TABLE}`),
    because: 'it may take long under locks: let the server do it in pieces',
  },
  { pattern: RegExp(`^(?:vacuum full|cluster) ${TABLE}`), because: 'the table is locked meanwhile' },
  { pattern: /^drop (?:function|trigger|type|view|sequence) ("?[\w.]+"?)/, because: 'older servers still use it' },
  {
    pattern: /^create (?:or replace )?(?:constraint )?trigger .*? on ("?[\w.]+"?)/,
    because: 'it may refuse what older servers write',
  },
  { pattern: /^create or replace function ("?[\w.]+"?)/, because: 'older servers count on what it did' },
];

/** What statements of a migration do to servers that do not know of them. A table that it makes itself is its own. */
export function breaksOf(text: string): string[] {
  const statements = statementsOf(text);
  const made = statements.flatMap(
    ({ plain }) => /^create (?:unlogged )?table (?:if not exists )?("?[\w.]+"?)/.exec(plain)?.[1] ?? [],
  );
  return statements.flatMap(({ plain, written, line }) => {
    if (SURVIVES.test(written)) return [];
    return rules.flatMap(({ pattern, because }) => {
      const found = pattern.exec(plain);
      if (found === null || made.includes(found[1] ?? '')) return [];
      return [
        `line ${line}: \`${plain.slice(0, 60)}\`: ${because}. If they survive it, say why before it: -- survives: …`,
      ];
    });
  });
}

interface Statement {
  /** As it is in the file, with the comments before it. */
  written: string;
  /** In lower case, without comments and texts, with single spaces. */
  plain: string;
  /** Line of its first word. */
  line: number;
}

/** Comments, quoted texts and bodies of functions, in which a semicolon ends nothing. */
const HIDDEN = /--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|'(?:[^']|'')*'/g;

/** The statements of a file, in order. */
export function statementsOf(text: string): Statement[] {
  const masked = text.replace(HIDDEN, (part) =>
    part.replace(/[^\n]/g, part.startsWith('-') || part.startsWith('/*') ? ' ' : '_'),
  );
  const found: Statement[] = [];
  let start = 0;
  for (const piece of masked.split(';')) {
    const plain = piece.trim().replace(/\s+/g, ' ').toLowerCase();
    const first = start + piece.search(/\S/);
    if (plain !== '')
      found.push({
        written: text.slice(start, start + piece.length),
        plain,
        line: text.slice(0, first).split('\n').length,
      });
    start += piece.length + 1;
  }
  return found;
}
