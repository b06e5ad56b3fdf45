/** What a form writes in another way than `encodeURIComponent`. */
const MARKS = /%20|[!'()~]/g;

/**
 * Writes a value of `application/x-www-form-urlencoded` as URLSearchParams does, at a third of its cost. A lone surrogate
 * becomes U+FFFD.
 */
export function formValue(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(MARKS, (mark) =>
    mark === '%20' ? '+' : `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
