// The part of Helm's templates that our chart uses: if, else, range over a map, with, define, include and nine functions.
// Whatever else a template says is an error, so a chart that passes here uses nothing that this reads differently from Helm.
import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';

type Scope = { dot: unknown; names: Readonly<Record<string, unknown>> };

type Node =
  | { kind: 'text'; text: string }
  | { kind: 'print'; pipeline: string }
  | { kind: 'block'; word: 'if' | 'with' | 'range'; of: string; body: Node[]; otherwise: Node[] };

/** A template that is read, with the templates that it and its neighbours define. */
export interface Chart {
  templates: Readonly<Record<string, Node[]>>;
  defined: ReadonlyMap<string, Node[]>;
}

/** Reads the templates of a chart. `texts`: their texts by their names. Throws for what is outside of the subset. */
export function readChart(texts: Readonly<Record<string, string>>): Chart {
  const defined = new Map<string, Node[]>();
  const templates = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, readTemplate(text, defined)]),
  );
  return { templates, defined };
}

/** Renders one template. `root`: what `.` and `$` are: Values, Release and Chart. */
export function render(chart: Chart, name: string, root: unknown): string {
  return renderAll(chart, chart.templates[name] ?? [], { dot: root, names: { $: root } });
}

/** The objects of a rendered template. */
export function objectsIn(rendered: string): unknown[] {
  return rendered
    .split(/^---$/m)
    .map((one) => parse(one, { strict: true }) as unknown)
    .filter((one) => one !== null);
}

interface Open {
  into: Node[];
  block: Extract<Node, { kind: 'block' }> | null;
}

function readTemplate(text: string, defined: Map<string, Node[]>): Node[] {
  const top: Node[] = [];
  const open: Open[] = [{ into: top, block: null }];
  const inner = (): Open => {
    const last = open.at(-1);
    if (last === undefined) throw new Error('more ends than beginnings');
    return last;
  };
  for (const part of parts(text)) {
    if ('text' in part) inner().into.push({ kind: 'text', text: part.text });
    else readAction(part.action, { open, inner, defined });
  }
  if (open.length !== 1) throw new Error('a block has no end');
  return top;
}

function readAction(
  action: string,
  { open, inner, defined }: { open: Open[]; inner(): Open; defined: Map<string, Node[]> },
): void {
  const [, word = '', rest = ''] = /^(if|with|range|define|else|end)\b\s*(.*)$/s.exec(action) ?? [];
  if (word === 'if' || word === 'with' || word === 'range') {
    const block = { kind: 'block', word, of: rest, body: [], otherwise: [] } as Extract<Node, { kind: 'block' }>;
    inner().into.push(block);
    open.push({ into: block.body, block });
  } else if (word === 'define') {
    const body: Node[] = [];
    defined.set(JSON.parse(rest) as string, body);
    open.push({ into: body, block: null });
  } else if (word === 'else') {
    const { block } = inner();
    if (block === null || rest !== '') throw new Error(`else ${rest}: not in this subset`);
    open.splice(-1, 1, { into: block.otherwise, block });
  } else if (word === 'end') open.pop();
  else inner().into.push({ kind: 'print', pipeline: action });
}

/** Texts and actions in turn; a dash inside the braces takes the white space beside them away. */
function parts(text: string): ({ text: string } | { action: string })[] {
  const found: ({ text: string } | { action: string })[] = [];
  let rest = text;
  for (;;) {
    const match = /(\s*\{\{-|\{\{)\s*(.*?)\s*(-\}\}\s*|\}\})/s.exec(rest);
    if (match === null) return [...found, { text: rest }];
    found.push({ text: rest.slice(0, match.index) }, { action: match[2] ?? '' });
    rest = rest.slice(match.index + match[0].length);
  }
}

function renderAll(chart: Chart, nodes: readonly Node[], scope: Scope): string {
  return nodes.map((node) => renderNode(chart, node, scope)).join('');
}

function renderNode(chart: Chart, node: Node, scope: Scope): string {
  if (node.kind === 'text') return node.text;
  if (node.kind === 'print') return String(evaluate(chart, node.pipeline, scope) ?? '');
  const { word, of, body, otherwise } = node;
  if (word === 'range') return renderRange(chart, node, scope);
  const value = evaluate(chart, of, scope);
  if (!isTrue(value)) return renderAll(chart, otherwise, scope);
  return renderAll(chart, body, word === 'with' ? { ...scope, dot: value } : scope);
}

function renderRange(chart: Chart, { of, body }: Extract<Node, { kind: 'block' }>, scope: Scope): string {
  const [, key = '', item = '', list = ''] = /^(\$\w+), (\$\w+) := (.+)$/.exec(of) ?? [];
  const entries = Object.entries(Object(evaluate(chart, list, scope))).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries
    .map(([name, value]) =>
      renderAll(chart, body, { dot: value, names: { ...scope.names, [key]: name, [item]: value } }),
    )
    .join('');
}

/** What Go's templates take for true. */
function isTrue(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function evaluate(chart: Chart, pipeline: string, scope: Scope): unknown {
  let piped: unknown[] = [];
  for (const command of pipeline.split(/\s\|\s/)) {
    const [first = '', ...rest] = command.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
    const args = [...rest.map((word) => readWord(word, scope)), ...piped];
    piped = [/^[a-zA-Z]/.test(first) ? call(chart, first, args) : readWord(first, scope)];
  }
  return piped[0];
}

function readWord(word: string, { dot, names }: Scope): unknown {
  if (word.startsWith('"') || /^\d+$/.test(word)) return JSON.parse(word);
  const [, name = '', path = ''] = /^(\$\w*)?((?:\.\w+)*|\.)$/.exec(word) ?? [];
  if (name === '' && path === '') throw new Error(`${word}: not in this subset`);
  if (name !== '' && !(name in names)) throw new Error(`${name} is not defined`);
  const steps = path.split('.').filter((step) => step !== '');
  return steps.reduce(
    (value: unknown, step) => {
      if (typeof value !== 'object' || value === null) throw new Error(`${word}: ${step} of nothing`);
      return (value as Record<string, unknown>)[step];
    },
    name === '' ? dot : names[name],
  );
}

function call(chart: Chart, name: string, args: readonly unknown[]): unknown {
  const [first, second] = args;
  const indented = (width: number, text: string) => `\n${text}`.replaceAll('\n', `\n${' '.repeat(width)}`);
  switch (name) {
    case 'include':
      return renderAll(chart, chart.defined.get(String(first)) ?? [], { dot: second, names: { $: second } });
    case 'nindent':
      return indented(Number(first), String(second));
    case 'toYaml':
      return stringify(first).trimEnd();
    case 'quote':
      return JSON.stringify(String(first ?? ''));
    case 'default':
      return isTrue(second) ? second : first;
    case 'not':
      return !isTrue(first);
    case 'contains':
      return String(second).includes(String(first));
    case 'sha256sum':
      return createHash('sha256').update(String(first)).digest('hex');
    case 'required':
      if (second === undefined || second === null || second === '') throw new Error(String(first));
      return second;
    default:
      throw new Error(`${name}: not in this subset`);
  }
}
