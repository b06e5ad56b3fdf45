import { RequestError } from '../../../errors.ts';
import type { Answer, RateBucket, Route } from '../../route.ts';

const HOUR_MS = 3_600_000;
const creating: RateBucket = { name: 'media_library_create', limit: 100, windowMs: HOUR_MS };
const replacing: RateBucket = { name: 'media_library_replace', limit: 100, windowMs: HOUR_MS };

/** The media library, which needs a file store that this server does not have. Source: more-endpoints.md §10. */
export function mediaLibraryRoutes(): Route[] {
  const handle = async (): Promise<Answer> => {
    throw new RequestError('media_library_disabled');
  };
  return [
    {
      method: 'POST',
      path: '/media_library/create',
      permission: 'media_library.create',
      bucket: () => creating,
      handle,
    },
    {
      method: 'PUT',
      path: '/media_library/replace_file',
      permission: 'media_library.replace',
      bucket: () => replacing,
      handle,
    },
  ];
}
