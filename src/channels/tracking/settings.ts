import { flag, object, optional, type Read } from '../../lib/raw/shape.ts';
import { baseUrl } from '../setting-shapes.ts';

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
