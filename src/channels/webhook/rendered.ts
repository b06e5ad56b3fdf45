/** One person's request, ready to be made. */
export interface RenderedWebhook {
  method: 'POST' | 'PUT' | 'DELETE' | 'GET';
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Null = no body. */
  body: string | null;
}
