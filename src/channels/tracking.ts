import { flag, object, optional, type Read } from '../lib/raw/shape.ts';
import { baseUrl } from './setting-shapes.ts';

/** The section `tracking` of the workspace file. */
export const trackingSection = object({
  opens: optional(flag, false),
  clicks: optional(flag, false),
  hidden_link: optional(flag, false),
  /** Where links and pixels lead to. null: the server's public URL. */
  url: optional(baseUrl, null),
  /** Where the short links in texts lead to. null: as `url`. */
  short_url: optional(baseUrl, null),
});

/** What a workspace wants to know of its readers. Messages and people may want less. */
export type TrackingSettings = Readonly<Read<typeof trackingSection>>;

/** Makes the links by which we learn that one person opened a message or followed a link in it. */
export interface Tracker {
  /** Whether the person may be asked for opens and for clicks. */
  opens: boolean;
  clicks: boolean;
  /** Links that begin so are left as they are: they are our own. */
  ownLinks: readonly string[];
  /** A link that leads to `url`, an absolute http or https URL in its normal form. */
  linkTo(url: string): string;
  /** The URL of the picture that is fetched when a mail is opened. */
  pixel(): string;
  /** A link that only machines see. null: none is wanted. */
  hiddenLink(): string | null;
}

/** Most characters of a URL that is followed. Longer ones stay as they are, because some mail programs cut links at 2,000. */
const MOST_URL = 1_400;

/** The URL to which a browser goes for `href`, if it is one to follow. null: it stays as it is. */
export function followedUrl(href: string, { ownLinks }: Pick<Tracker, 'ownLinks'>): string | null {
  if (href.length > MOST_URL || !/^\s*https?:\/\//i.test(href)) return null;
  const url = URL.parse(href);
  if (url === null || url.href.length > MOST_URL || ownLinks.some((own) => url.href.startsWith(own))) return null;
  return url.href;
}

/** Makes the short links of one person's message. */
export interface Shortener {
  /** A short link that leads to `url`, an absolute http or https URL in its normal form. */
  shorten(url: string): string;
}
