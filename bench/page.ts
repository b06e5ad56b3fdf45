import { cpus, totalmem } from 'node:os';
import type { Figure } from './figure.ts';

/** One bench's section of docs/bench.md. */
export interface Section {
  /** Name of the bench, with the size of the run if it is not the usual one. */
  name: string;
  /** What was typed after `npm run`. */
  command: string;
  /** YYYY-MM-DD */
  date: string;
  /** Git's short name of the measured commit, with a + if files differed from it. */
  commit: string;
  figures: Figure[];
}

const head = `# Figures

This page shows what the benches have measured. Running a bench rewrites its section, which says what was run, when, on which commit and machine;
\`npm run bench\` runs all of them, which takes hours. Server, database, client and simulators share the machine.

- \`bar\` is the value to reach, and \`held\` says whether it was reached. \`—\`: there is no bar, the figure is for comparison. \`+30 MB; 250 MB\`: at most 30 MB more, and at most 250 MB in all.
- \`bare\` is the same work without Cresset, on the same machine: what a small program does that only talks to the database or the provider.
- A \`+\` after the commit: files differed from it when the bench ran.
- [soak.svg](soak.svg) has the curves of the soak: throughput and memory over time.
`;

/** Replaces the page's sections of these names. Other sections stay as they are, unless their bench no longer exists. */
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

/** The sections of a bench: the usual one and those of other sizes. */
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
