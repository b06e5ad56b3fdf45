import { dirname, join, normalize } from 'node:path/posix';
import { type Comment, commentsOf } from './comments.ts';

/** The things in the repository that citations may name. */
export interface Known {
  /** The section numbers of each page in docs/spec, by its file name. */
  sections: ReadonlyMap<string, ReadonlySet<string>>;
  /** Numbers of the pages in docs/decisions. */
  decisions: ReadonlySet<number>;
  /** True if there is a file or folder at this path from the root. */
  exists(path: string): boolean;
}

export interface Problem {
  line: number;
  text: string;
}

/** Numbers of the headings on a page of docs/spec. `## 4. Dates` and `### 2.1 …` have `4` and `2.1`. */
export function sectionsOf(markdown: string): Set<string> {
  return new Set([...markdown.matchAll(/^#{2,4} (\d+(?:\.\d+)*)\.?\s/gm)].map(([, number = '']) => number));
}

/** Says what is wrong with the citations in a source file's comments. `file`: its path from the root. Pure. */
export function problemsOfSource(source: string, file: string, known: Known): Problem[] {
  return commentsOf(source).flatMap((comment) => [
    ...sections(comment, known),
    ...sources(comment),
    ...decisions(comment, known),
    ...paths(comment, file, known),
  ]);
}

function problemAt({ line, text }: Comment, index: number, problem: string): Problem {
  return { line: line + text.slice(0, index).split('\n').length - 1, text: problem };
}

const standard = /RFC \d+|3GPP TS [\d.]+|\bTS \d+\.\d+|W3C [A-Z]\w+(?: [A-Z]\w+)*/.source;
const mention = new RegExp(
  `(?<page>(?<![\\w/-])[a-z-]+\\.md)|(?<standard>${standard})|§(?<section>\\d+(?:\\.\\d+)*)`,
  'g',
);

/** Each `§` belongs to the last page or standard named before it. A page of the specification needs a `§`. */
export function sections(comment: Comment, known: Known): Problem[] {
  const problems: Problem[] = [];
  let owner: { page: string | null; index: number; isCited: boolean } | null = null;
  const close = () => {
    if (owner?.page && !owner.isCited)
      problems.push(problemAt(comment, owner.index, `${owner.page}: expected a section, such as ${owner.page} §1`));
  };
  for (const { groups = {}, index } of comment.text.matchAll(mention)) {
    const { page, section } = groups;
    if (section === undefined) {
      close();
      owner = { page: page !== undefined && known.sections.has(page) ? page : null, index, isCited: false };
    } else if (owner === null) {
      problems.push(problemAt(comment, index, `§${section}: of which page?`));
    } else {
      owner.isCited = true;
      if (owner.page !== null && !known.sections.get(owner.page)?.has(section))
        problems.push(problemAt(comment, index, `docs/spec/${owner.page} has no section ${section}`));
    }
  }
  close();
  return problems;
}

/** The beginning of a path from the root. */
export const rootFolder = '(?:src|docs|test|bench|chaos|rig|simulate|scripts|migrations|bin)/';

/** The kinds of source; docs/spec/README.md lists them with examples. */
const kinds: readonly RegExp[] = [
  /^[a-z-]+\.md §\d/, // a page of the specification
  new RegExp(`^${rootFolder}`), // a file of this repository
  /^decision \d+\b/,
  /^RFC \d{1,5}\b(?!,? (section|\d))/,
  /^3GPP TS \d+\.\d+/,
  /^W3C [A-Z].* §\d/,
  /^[A-Z][\w .]*, "[^"]+"/, // a publisher, and a title
  /^[\w.-]+\/[\w.-]+: \S+/, // a file of another repository
];

/** The text after `Source:`, up to the end of the sentence. Semicolons separate several sources. */
export function sources(comment: Comment): Problem[] {
  return [...comment.text.matchAll(/\bSource(?: of [\w ]+)?: (.+?)(?=\.(?:\s|$)|$)/gs)].flatMap((match) => {
    const cited = (match[1] ?? '').replace(/\s+/g, ' ').split('; ');
    const unknown = cited.filter((source) => !kinds.some((form) => form.test(source)));
    return unknown.map((source) =>
      problemAt(
        comment,
        match.index,
        `Source "${source}": expected a form of docs/spec/README.md, such as eligibility.md §1`,
      ),
    );
  });
}

export function decisions(comment: Comment, known: Known): Problem[] {
  return [...comment.text.matchAll(/\bdecisions? (\d+)\b/gi)].flatMap((match) =>
    known.decisions.has(Number(match[1]))
      ? []
      : [problemAt(comment, match.index, `${match[0]}: docs/decisions has no such page`)],
  );
}

const path = new RegExp(
  `(?<![\\w/@.<-])(?:${rootFolder}[\\w./-]*[\\w]|(?:[\\w.-]+/)*[\\w.-]+\\.(?:ts|mjs|sql|md)\\b|(?:[\\w.-]+/)+[\\w.-]+\\.(?:js|html|svg|json)\\b)`,
  'g',
);

/** A path may start at the root, or at any folder on the way to the file that names it. */
export function paths(comment: Comment, file: string, known: Known): Problem[] {
  return [...comment.text.matchAll(path)].flatMap((match) => {
    const [named] = match;
    if (known.sections.has(named) || ancestors(file).some((folder) => known.exists(normalize(join(folder, named)))))
      return [];
    return [problemAt(comment, match.index, `${named}: there is no such file`)];
  });
}

/** The folders from the file's own up to the root, which is `.`. */
function ancestors(file: string): string[] {
  const folder = dirname(file);
  return folder === '.' ? ['.'] : [folder, ...ancestors(folder)];
}
