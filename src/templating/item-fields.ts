import type { Token } from './liquid/reading/token.ts';

const MOST = 50;
const readingTag = /^catalog_(?:selection_)?items$/;
const ofList = /\bitems\s*\[\s*\d+\s*\]\s*\.\s*([A-Za-z_][\w-]*)/g;
const ofEnd = /\bitems\.(?:first|last)\.([A-Za-z_][\w-]*)/g;
const loop = /^\s*(\w+)\s+in\s+items\s*(?:$|\s)/;
/** What Liquid says of every value. */
const ofValues = new Set(['size', 'first', 'last']);

/**
 * The fields of items that a template reads, where it says them itself: `items[0].title`, and `item.title` in a loop over
 * `items`. At most fifty. null: the template makes `items` itself, or reads no catalog. Takes linear time.
 */
export function itemFieldsIn(tokens: readonly Token[]): string[] | null {
  const fields = new Set<string>();
  const loops: (string | null)[] = [];
  let readsItems = false;
  for (const token of tokens) {
    if (token.kind !== 'tag' && token.kind !== 'output') continue;
    if (token.kind === 'tag') {
      readsItems ||= readingTag.test(token.name);
      if (makesItems(token)) return null;
      if (token.name === 'for') loops.push(loop.exec(token.markup)?.[1] ?? null);
      if (token.name === 'endfor') loops.pop();
    }
    if (!readsItems || fields.size >= MOST) continue;
    for (const field of fieldsIn(token.markup, loops.at(-1) ?? null)) fields.add(field);
  }
  return readsItems ? [...fields].filter((field) => !ofValues.has(field)).slice(0, MOST) : null;
}

function makesItems({ name, markup }: { name: string; markup: string }): boolean {
  return (name === 'assign' || name === 'capture' || name === 'for') && /^\s*["']?items\b/.test(markup);
}

function fieldsIn(markup: string, item: string | null): string[] {
  const found = [...markup.matchAll(ofList), ...markup.matchAll(ofEnd)].map(([, field = '']) => field);
  if (item === null) return found;
  const ofItem = markup.matchAll(new RegExp(`(?<![\\w.])${item}\\.([A-Za-z_][\\w-]*)`, 'g'));
  return [...found, ...[...ofItem].map(([, field = '']) => field)];
}
