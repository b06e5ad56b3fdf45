import { Translator } from '../dialect.ts';
import { dialectFilters } from '../filters/index.ts';
import { readJson } from '../filters/json.ts';
import { Budget } from '../liquid/budget.ts';
import { compileLiquid } from '../liquid/liquid.ts';
import { isHash } from '../liquid/values/values.ts';
import { tokenize } from '../reading/tokenize.ts';
import { dialectTags } from '../tags.ts';

/** What a template gave: an output, or what was wrong. */
export type Answer = { output: string } | { error: string };

/** The moment of all renderings here, and of `reference.rb`. */
export const NOW = new Date('2026-03-15T12:00:00Z');

/** Renders a template without a person. `variables`: JSON. */
export function renderPlain(template: string, variables: string): Answer {
  const translator = new Translator(dialectFilters);
  const read = readJson(variables);
  try {
    const compiled = compileLiquid(template, {
      tokens: tokenize(template),
      tags: dialectTags,
      filters: dialectFilters,
      personal: translator.personal,
      translate: (markup, kind) => translator.translate(markup, kind),
    });
    const inputs = { variables: isHash(read) ? read : {}, read: () => null, now: NOW, budget: new Budget() };
    return { output: compiled.render(inputs) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
