import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent } from '@tanstack/react-router';
import { parseSearch, stringifySearch } from './lib/search.ts';
import { useTitle } from './lib/title.ts';
import { basePath } from './lib/workspace.ts';
import { Home } from './pages/home/home.tsx';
import { Failure } from './parts/loaded.tsx';
import { Shell } from './shell/shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const home = createRoute({ getParentRoute: () => root, path: '/', component: Home });

/** Every page but Home is a chunk of its own. */
const pages = [
  home,
  createRoute({
    getParentRoute: () => root,
    path: '/find',
    component: lazyRouteComponent(() => import('./pages/find/find.tsx'), 'Find'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/dispatches',
    component: lazyRouteComponent(() => import('./pages/dispatches/list.tsx'), 'Dispatches'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/dispatches/$dispatch',
    component: lazyRouteComponent(() => import('./pages/dispatches/dispatch.tsx'), 'DispatchPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/people',
    component: lazyRouteComponent(() => import('./pages/person/people.tsx'), 'People'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/people/$person',
    component: lazyRouteComponent(() => import('./pages/person/person.tsx'), 'Person'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/outbox',
    component: lazyRouteComponent(() => import('./pages/outbox/outbox.tsx'), 'Outbox'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/outbox/$dispatch/$person',
    component: lazyRouteComponent(() => import('./pages/outbox/outbox.tsx'), 'Outbox'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/compose',
    component: lazyRouteComponent(() => import('./pages/compose/compose.tsx'), 'Compose'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audiences',
    component: lazyRouteComponent(() => import('./pages/audiences/list.tsx'), 'Audiences'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audiences/new',
    component: lazyRouteComponent(() => import('./pages/audiences/builder.tsx'), 'NewAudience'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/audiences/$segment',
    component: lazyRouteComponent(() => import('./pages/audiences/builder.tsx'), 'SegmentAudience'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/campaigns',
    component: lazyRouteComponent(() => import('./pages/campaigns/list.tsx'), 'Campaigns'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/campaigns/$campaign',
    component: lazyRouteComponent(() => import('./pages/campaigns/campaign.tsx'), 'CampaignPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/requests',
    component: lazyRouteComponent(() => import('./pages/requests/requests.tsx'), 'Requests'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings',
    component: lazyRouteComponent(() => import('./pages/settings/settings.tsx'), 'Settings'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/settings/$section',
    component: lazyRouteComponent(() => import('./pages/settings/settings.tsx'), 'Settings'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/schedules',
    component: lazyRouteComponent(() => import('./pages/schedules/schedules.tsx'), 'Schedules'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/templates',
    component: lazyRouteComponent(() => import('./pages/templates/list.tsx'), 'Templates'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/templates/$template',
    component: lazyRouteComponent(() => import('./pages/templates/edit.tsx'), 'TemplatePage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/templates/blocks/$block',
    component: lazyRouteComponent(() => import('./pages/templates/edit.tsx'), 'BlockPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/reference',
    component: lazyRouteComponent(() => import('./pages/reference/reference.tsx'), 'Reference'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/more',
    component: lazyRouteComponent(() => import('./pages/more.tsx'), 'More'),
  }),
];

export const router = createRouter({
  routeTree: root.addChildren(pages),
  basepath: basePath,
  parseSearch,
  stringifySearch,
  defaultErrorComponent: ({ error }) => (
    <div className="page">
      <h1>This page failed</h1>
      <Failure error={error instanceof Error ? error : new Error(String(error))} retry={() => location.reload()} />
    </div>
  ),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  useTitle('Nothing here');
  return (
    <div className="page">
      <h1>There is no such page</h1>
      <p className="mut2">
        <Link to="/">Home</Link>
      </p>
    </div>
  );
}
