/* Limits of item catalogs. Source: catalogs.md §1. */

export const MOST_NAME_CHARACTERS = 250;
export const MOST_DESCRIPTION_CHARACTERS = 250;
export const MOST_FIELDS = 500;
export const MOST_NEW_FIELDS = 50;
export const MOST_ITEMS_PER_REQUEST = 50;
/** Characters of one value; objects and arrays are measured as JSON text. */
export const MOST_VALUE_CHARACTERS = 5_000;
export const MOST_ARRAY_ELEMENTS = 100;
/** Levels of objects and arrays in a value. */
export const MOST_LEVELS = 50;
/** Characters of a text in a field that a selection filters. */
export const MOST_FILTERED_CHARACTERS = 1_000;
/** Arrays that one request may change by `$add` and `$remove`, because they are read before they are changed. */
export const MOST_ARRAY_CHANGES = 1_000;
export const MOST_SELECTIONS = 30;
export const MOST_FILTERS = 10;
export const MOST_RESULTS = 50;
/** Catalogs of a workspace, and bytes of their definitions, which one answer lists. */
export const MOST_CATALOGS = 1_000;
export const MOST_DEFINITION_BYTES = 16_777_216;
/** Items of a page, and about how many bytes of them. A page has at least one. */
export const PAGE_ITEMS = 50;
export const PAGE_BYTES = 8_388_608;

const alphabet = /^[A-Za-z0-9_-]+$/;

/** Whether the text may be the name of a catalog, field or selection, or an item id. */
export function isGoodWord(text: string): boolean {
  return text.length <= MOST_NAME_CHARACTERS && isPlainWord(text);
}

/** Like `isGoodWord`, whatever the length. */
export function isPlainWord(text: string): boolean {
  return alphabet.test(text);
}
