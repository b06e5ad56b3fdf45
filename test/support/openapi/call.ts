import type { Reply, TestApp } from '../app.ts';
import type { ApiOperation } from './document.ts';

/** A request of one operation. */
export interface Call {
  params: Readonly<Record<string, string>>;
  /** Pairs, because a name may be given twice. */
  query: readonly [string, string][];
  /** undefined: no body. A text is sent as it is. */
  body: unknown;
}

/** The example of an operation. `standIns`: what stands in the place of ids that a document cannot know. */
export function exampleOf(
  operation: ApiOperation,
  standIns: ReadonlyMap<string, string>,
  body: unknown = operation.example,
): Call {
  const given = operation.parameters.filter(({ example }) => example !== undefined);
  const inPath = given.filter((one) => one.in === 'path').map(({ name, example }) => [name, String(example)]);
  const inQuery = given
    .filter((one) => one.in === 'query')
    .flatMap(({ name, example }) => [example].flat().map((one): [string, string] => [name, String(one)]));
  const call: Call = { params: Object.fromEntries(inPath), query: inQuery, body: body ?? undefined };
  return JSON.parse([...standIns].reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(call)));
}

/** All examples of an operation. */
export function examplesOf(operation: ApiOperation, standIns: ReadonlyMap<string, string>): Call[] {
  return [operation.example, ...operation.moreBodies].map((body) => exampleOf(operation, standIns, body));
}

export function send(
  app: TestApp,
  { method, path, lines }: ApiOperation,
  { params, query, body }: Call,
): Promise<Reply> {
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  const asked = query.map((pair) => pair.map(encodeURIComponent).join('=')).join('&');
  const url = asked === '' ? filled : `${filled}?${asked}`;
  if (method === 'GET') return app.get(url);
  if (lines !== null) {
    const headers = { 'content-type': lines.type };
    return app.post(url, `${JSON.stringify(body ?? {})}\n${lines.more}`, { headers });
  }
  if (method === 'POST') return app.post(url, body ?? {});
  return app.call(method, url, body);
}
