import { Translator } from '../dialect.ts';
import { dialectFilters } from '../filters/index.ts';
import { readJson } from '../filters/json.ts';
import { Budget } from '../liquid/budget.ts';
import { LiquidError } from '../liquid/errors.ts';
import { compileLiquid } from '../liquid/liquid.ts';
import { isHash } from '../liquid/values/values.ts';
import { tokenize } from '../reading/tokenize.ts';
import { dialectTags } from '../tags.ts';

/** What a template gave: an output, or what was wrong. */
export type Answer = { output: string } | { error: string };

/** The moment of all renderings here, and of `reference.rb`. */
export const NOW = new Date('2026-03-15T12:00:00Z');

/** Renders a template without a person. `givenVariables`: JSON. */
export function renderPlain(template: string, givenVariables: string): Answer {
  const translator = new Translator(dialectFilters);
  const read = readJson(givenVariables);
  try {
    const compiled = compileLiquid(template, {
      tokens: tokenize(template),
      tags: dialectTags,
      filters: dialectFilters,
      personal: translator.personal,
      translate: (markup, kind, at) => translator.translate(markup, kind, at),
    });
    const include = (name: string) => {
      throw new LiquidError(`unknown content block ${name}`);
    };
    const variables = isHash(read) ? read : {};
    return { output: compiled.render({ variables, read: () => null, include, now: NOW, budget: new Budget() }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
