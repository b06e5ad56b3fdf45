import { dirname, join, normalize } from 'node:path/posix';
import { decisions, type Known, type Problem, rootFolder, sections } from './citations.ts';

const link = /\]\((?!https?:|mailto:)([^)\s]*)\)/g;
const code = new RegExp(`\`(?:[^\`]*\\s)?(${rootFolder}[\\w./-]*\\w/?)(?:\\s[^\`]*)?\``, 'g');

/**
 * Says what is wrong with the links of a Markdown page, with the paths of this repository that it writes as code, and with its
 * citations of docs/spec and docs/decisions. Skips blocks of code. `textOf` returns another page's text, or null. Pure.
 */
export function problemsOfPage(
  markdown: string,
  file: string,
  known: Known,
  textOf: (path: string) => string | null,
): Problem[] {
  return proseOf(markdown).flatMap(({ line, text }) =>
    [
      ...[...text.matchAll(link)].flatMap(([, target = '']) => badLink(target, { file, markdown, known, textOf })),
      ...[...text.matchAll(code)].flatMap(([, path = '']) =>
        known.exists(path.replace(/\/$/, '')) ? [] : [`${path}: there is no such file`],
      ),
      ...decisions({ line: 1, text }, known).map((problem) => problem.text),
      ...citations(text, known),
    ].map((problem) => ({ line, text: problem })),
  );
}

/** A citation writes the page's name as code, followed by `§`. A page that is only linked needs no section. */
function citations(text: string, known: Known): string[] {
  const cited = [...text.matchAll(/`?[a-z-]+\.md`? §[\d.]+(?:(?:,| and| to) §[\d.]+)*/g)].map(([citation]) => citation);
  return cited.flatMap((citation) =>
    sections({ line: 1, text: citation.replaceAll('`', '') }, known).map((problem) => problem.text),
  );
}

interface Place {
  file: string;
  markdown: string;
  known: Known;
  textOf: (path: string) => string | null;
}

function badLink(target: string, { file, markdown, known, textOf }: Place): string[] {
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? file : normalize(join(dirname(file), path)).replace(/\/$/, '');
  if (path !== '' && !known.exists(to)) return [`${target}: leads to ${to}, which is not there`];
  if (anchor === undefined) return [];
  const text = path === '' ? markdown : textOf(to);
  return text !== null && anchorsOf(text).has(anchor) ? [] : [`${target}: ${to} has no heading for #${anchor}`];
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

/** Lines outside of fenced blocks, with their numbers. */
function proseOf(markdown: string): { line: number; text: string }[] {
  let isCode = false;
  return markdown.split('\n').flatMap((text, index) => {
    const isFence = text.trimStart().startsWith('```');
    if (isFence) isCode = !isCode;
    return isFence || isCode ? [] : [{ line: index + 1, text }];
  });
}
