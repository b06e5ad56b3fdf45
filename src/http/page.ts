/** What is served without a key: pages for people and probes. */
export interface Page {
  method: 'GET' | 'POST';
  path: string;
  handle(request: { params: Readonly<Record<string, string>> }): Promise<PageAnswer>;
}

export interface PageAnswer {
  status: number;
  type: 'text/html; charset=utf-8' | 'application/json';
  body: string;
}
