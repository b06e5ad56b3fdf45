import { like, text } from '../../../openapi/schema.ts';

export const variation = text('The variation of the campaign under whose id it is counted.');
/** A link that an app opens. */
export const appUri = like('https://example.com/page', text('A URI.'));
export const webUrl = like('https://example.com/page', text('An http or https URL.'));
