import type { RenderContext } from '../../../templating/facts.ts';
import { readsOf, resolveReference } from '../../../templating/resolve.ts';
import type { ReferenceAt } from '../../../templating/tree.ts';

/** Something that a template reads and that has no value. */
export interface Missing {
  /** As a template writes it: `custom_attribute.${plan}`. */
  name: string;
  /** Paths of the texts that read it. */
  paths: string[];
}

/** Most names that are told. */
const MOST_NAMES = 100;

/** What the templates of a message read and this person does not have, each once, in the order of the texts. Pure. */
export function missingFor(references: readonly ReferenceAt[], context: RenderContext): Missing[] {
  const found = new Map<string, Set<string>>();
  for (const reference of references) {
    const { space, name, path } = reference;
    // The footer is a part of the message, and made with it. What a push reads of its device is another thing for each.
    if (readsOf(reference).some((read) => read === 'footer' || read === 'targetedDevice')) continue;
    const written = `${space === null ? '' : `${space}.`}\${${name}}`;
    const known = found.get(written);
    if (known !== undefined) known.add(path);
    else if (found.size < MOST_NAMES && (resolveReference(reference, context) ?? null) === null)
      found.set(written, new Set([path]));
  }
  return [...found].map(([name, paths]) => ({ name, paths: [...paths] }));
}
