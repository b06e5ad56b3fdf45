/** One row of a table of members. */
export interface Member {
  /** Path within the object, such as `buttons[].text`. */
  path: string;
  /** `text`, `boolean`, `integer`, `number`, `time`, `object`, `array of …`, `any`, or words. */
  type: string;
  /** The words that are allowed. Empty: the type is no list of words. */
  words: string[];
  isRequired: boolean;
  /** Values at and beyond the limits of the row, and whether they are good. */
  trials(): [unknown, boolean][];
}

const heading = /^#{2,3} .*?`(\w+)`/;
const row = /^\| `([^`]+)` \| (.+?) \| (.*?) \| (.*?) ?\|$/;

/** The tables of members of a page, by the name in the heading above. Pure. */
export function memberTables(markdown: string): Map<string, Member[]> {
  const tables = new Map<string, Member[]>();
  let table = '';
  let isOpen = false;
  for (const line of markdown.split('\n')) {
    table = heading.exec(line)?.[1] ?? table;
    if (/^\| member/.test(line)) isOpen = true;
    else if (!line.startsWith('|')) isOpen = false;
    const [, path, type, fallback, limit] = (isOpen && row.exec(line)) || [];
    if (path === undefined || type === undefined || limit === undefined) continue;
    const words = [...type.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
    const member = { path, type, words, isRequired: fallback === 'required', trials: () => trialsOf(type, limit) };
    tables.set(table, [...(tables.get(table) ?? []), member]);
  }
  return tables;
}

function trialsOf(type: string, limit: string): [unknown, boolean][] {
  const [, least, most] = /^(-?\d+) to (\d+)/.exec(limit) ?? [];
  const step = type === 'number' ? 0.5 : 1;
  if (least !== undefined && most !== undefined && /integer|number/.test(type))
    return [
      [Number(least), true],
      [Number(most), true],
      [Number(least) - step, false],
      [Number(most) + step, false],
    ];
  const length = Number(/^at most ([\d,]+) (?:characters|bytes)/.exec(limit)?.[1]?.replaceAll(',', '') ?? 0);
  if (length === 0) return [];
  if (type === 'object')
    return [
      [{ a: 'x'.repeat(length - 1) }, true],
      [{ a: 'x'.repeat(length) }, false],
    ];
  return [
    ['x'.repeat(length), true],
    ['x'.repeat(length + 1), false],
  ];
}
