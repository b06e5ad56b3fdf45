/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In upper case, such as `RUN`. */
  name: string;
  /** Line on which it begins, from 1. */
  line: number;
  /** Such as `{ from: 'install' }`. A flag without a value has the empty text. */
  flags: Readonly<Record<string, string>>;
  /** What follows the flags, on one line. */
  text: string;
  /** The members of an array in JSON. null: it is written as a shell would read it. */
  exec: readonly string[] | null;
}

export interface Stage {
  /** The image or stage that it begins with. */
  from: string;
  alias: string | null;
  instructions: readonly Instruction[];
}

const INSTRUCTION = /^([A-Za-z]+)\s+((?:--[a-z-]+(?:=\S+)?\s+)*)(.+)$/s;
const FLAG = /--([a-z-]+)(?:=(\S+))?/g;

/** Reads the instructions that our Dockerfiles use: no heredocs, no escape directive. Throws with the line that it cannot read. */
export function readDockerfile(text: string): Stage[] {
  const stages: { from: string; alias: string | null; instructions: Instruction[] }[] = [];
  for (const { line, text: written } of logicalLines(text)) {
    const [, name = '', flags = '', rest = ''] = INSTRUCTION.exec(written) ?? [];
    if (name === '') throw new Error(`line ${line}: not an instruction: ${written}`);
    const instruction = {
      name: name.toUpperCase(),
      line,
      flags: Object.fromEntries([...flags.matchAll(FLAG)].map(([, flag, value = '']) => [flag, value])),
      text: rest,
      exec: rest.startsWith('[') ? (JSON.parse(rest) as string[]) : null,
    };
    if (instruction.name === 'FROM') {
      const [, from = '', alias = null] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];
      stages.push({ from, alias, instructions: [instruction] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`line ${line}: ${name} before FROM`);
      stage.instructions.push(instruction);
    }
  }
  return stages;
}

/** Lines without comments, those that end with a backslash joined with the next. */
function logicalLines(text: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const isOpen = line.endsWith('\\');
    const part = isOpen ? line.slice(0, -1).trim() : line;
    open = { line: open?.line ?? index + 1, text: open === undefined ? part : `${open.text} ${part}` };
    if (isOpen) continue;
    found.push(open);
    open = undefined;
  }
  if (open !== undefined) throw new Error(`line ${open.line}: the last line ends with a backslash`);
  return found;
}

/** How an image is run. */
export interface ImageConfig {
  env: Readonly<Record<string, string>>;
  user: string;
  workdir: string;
  command: readonly string[];
  healthcheck: readonly string[];
  volumes: readonly string[];
}

/** What the last stage says about running the image. */
export function configOf(stages: readonly Stage[]): ImageConfig {
  const last = stages.at(-1)?.instructions ?? [];
  const of = (name: string) => last.filter((one) => one.name === name);
  const pairs = of('ENV').flatMap(({ text }) => text.split(/\s+/).map((pair) => pair.split('=', 2)));
  const healthcheck = of('HEALTHCHECK').at(-1)?.text.replace(/^CMD /, '') ?? '[]';
  return {
    env: Object.fromEntries(pairs),
    user: of('USER').at(-1)?.text ?? '',
    workdir: of('WORKDIR').at(-1)?.text ?? '/',
    command: [...(of('ENTRYPOINT').at(-1)?.exec ?? []), ...(of('CMD').at(-1)?.exec ?? [])],
    healthcheck: JSON.parse(healthcheck) as string[],
    volumes: of('VOLUME').flatMap(({ exec }) => exec ?? []),
  };
}
