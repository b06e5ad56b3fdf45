/** One person's request, ready to be sent. */
export interface RenderedWebhook {
  method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  url: string;
  headers: Readonly<Record<string, string>>;
  /** null: the request has no body. */
  body: string | null;
}
