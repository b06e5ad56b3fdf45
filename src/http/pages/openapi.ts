import type { Page } from '../page.ts';

/** /openapi.json, without a key: the document is the same for all callers. */
export function openApiPage(document: object): Page {
  const body = JSON.stringify(document);
  return {
    method: 'GET',
    path: '/openapi.json',
    headers: { 'access-control-allow-origin': '*' },
    handle: async () => ({ status: 200, type: 'application/json', body }),
  };
}
