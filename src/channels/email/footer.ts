import { compileHtmlTemplate, TemplateSyntaxError } from '../../templating/template.ts';

/** Names in a footer that render to nothing and look like slips, said in words. `footer`: one that can be used. */
export function footerSlips(footer: string): readonly string[] {
  return compileHtmlTemplate(footer).slips;
}

/** What is wrong with a workspace's footer. null: it can be used. */
export function footerProblem(footer: string): string | null {
  try {
    const { blocks, catalogs } = compileHtmlTemplate(footer);
    if (blocks.size > 0) return 'must not hold content blocks';
    return catalogs.length > 0 ? 'must not read item catalogs' : null;
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    return `not a valid template: ${error.message}`;
  }
}
