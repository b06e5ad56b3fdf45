/** The texts of a stored email template. They are templates. Source: adjacent-endpoints.md §6.1. */
export interface StoredTemplate {
  subject: string;
  body: string;
  preheader?: string | undefined;
  plaintext_body?: string | undefined;
  should_inline_css?: boolean | undefined;
}
