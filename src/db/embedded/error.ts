/** The embedded database cannot start. The message is written for the person who starts it. */
export class EmbeddedDatabaseError extends Error {}
