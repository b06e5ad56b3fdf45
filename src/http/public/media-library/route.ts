import { RequestError } from '../../../errors.ts';
import type { Answer, Route } from '../../route.ts';

/** The media library, which needs a file store that this server does not have. Source: more-endpoints.md §10. */
export function mediaLibraryRoutes(): Route[] {
  const handle = async (): Promise<Answer> => {
    throw new RequestError('media_library_disabled');
  };
  const hour = 3_600_000;
  return [
    {
      ...{ method: 'POST', path: '/media_library/create', permission: 'media_library.create', handle },
      bucket: () => ({ name: 'media_library_create', limit: 100, windowMs: hour }),
    },
    {
      ...{ method: 'PUT', path: '/media_library/replace_file', permission: 'media_library.replace', handle },
      bucket: () => ({ name: 'media_library_replace', limit: 100, windowMs: hour }),
    },
  ];
}
