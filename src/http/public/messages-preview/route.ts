import { checkPreviewRequest } from '../../../dispatch/accept/preview-request.ts';
import type { StoredThings } from '../../../dispatch/plan/stored-things.ts';
import type { Preview } from '../../../dispatch/report/preview/preview.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Catalog } from '../../../workspace/catalog.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { Questions } from '../../questions.ts';
import type { Route } from '../../route.ts';

export interface MessagesPreviewDeps {
  clock: Clock;
  catalog(): Catalog;
  stored: StoredThings;
  questions: Questions;
  preview: Preview;
}

/** Shows messages as people would get them. Whoever may send may look, as in a dry run. */
export function messagesPreviewRoute(deps: MessagesPreviewDeps): Route {
  return {
    method: 'POST',
    path: '/messages/preview',
    permission: 'messages.send',
    async handle({ body, workspaceId }) {
      const workspace = loadedWorkspace(deps.catalog(), workspaceId);
      const checked = await checkPreviewRequest(body, { workspace, stored: deps.stored, now: deps.clock.now() });
      const answer = await deps.questions(workspaceId, () => deps.preview({ ...checked, workspace }));
      return { status: 201, body: answer };
    },
  };
}
