import { cpus, totalmem } from 'node:os';
import type { Figure } from './figure.ts';

/** One bench's part of docs/bench.md. */
export interface Section {
  /** The bench; followed by the size it was run with, where that is not the usual one. */
  name: string;
  /** What was typed after `npm run`. */
  command: string;
  /** YYYY-MM-DD */
  date: string;
  /** Git's short name of what was measured; followed by + when files differed from it. */
  commit: string;
  figures: Figure[];
}

const head = `# Figures

A section is rewritten when its bench is run, and says of what it was taken: \`npm run bench\` takes all of them anew.
Server, database, client and simulator share the machine.
`;

/** The page with these sections in the place of the older ones of their names; the others stay as they are. */
export function pageWith(page: string, sections: readonly Section[], order: readonly string[]): string {
  const texts = new Map(
    page
      .split(/^(?=## )/m)
      .slice(1)
      .map((text) => [/^## (.+)/.exec(text)?.[1] ?? '', text.trim()] as const),
  );
  for (const section of sections) texts.set(section.name, sectionText(section));
  return `${[head.trim(), ...order.flatMap((name) => sectionsOf(name, texts))].join('\n\n')}\n`;
}

/** The section of a bench, and those that it was run for with a size of its own. */
function sectionsOf(name: string, texts: ReadonlyMap<string, string>): string[] {
  return [...texts].filter(([title]) => title.split(' ')[0] === name).map(([, text]) => text);
}

function sectionText({ name, command, date, commit, figures }: Section): string {
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node.js ${process.version}`;
  const rows = figures.map(
    ({ what, value, bar, holds }) => `| ${what} | ${value} | ${bar} | ${holds ? 'yes' : '**no**'} |`,
  );
  return `## ${name}

\`npm run ${command}\`, ${date}, commit ${commit}: ${machine}.

| what | measured | bar | held |
|---|---|---|---|
${rows.join('\n')}`;
}
