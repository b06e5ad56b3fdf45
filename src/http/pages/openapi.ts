import type { Page } from '../page.ts';

/** /openapi.json, without a key: the document is the same for all callers. It is written when it is first asked for. */
export function openApiPage(documentOf: () => object): Page {
  let body: string | undefined;
  return {
    method: 'GET',
    path: '/openapi.json',
    headers: { 'access-control-allow-origin': '*' },
    async handle() {
      body ??= JSON.stringify(documentOf());
      return { status: 200, type: 'application/json', body };
    },
  };
}
