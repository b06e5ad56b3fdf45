/** What stops a start, worded for the person who started it. */
export class EmbeddedDatabaseError extends Error {}
