import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './lib/api.ts';
import { router } from './router.tsx';
import './style.css';
import './console.css';

const RELOADED = 'reloaded for';
const MOST_TRIES = 2;

// A tab of an older release asks for chunks that are gone. It reloads once for each address, and no more.
window.addEventListener('vite:preloadError', (event) => {
  if (sessionStorage.getItem(RELOADED) === location.href) {
    // The page shows this. At the browser's own words, the router would reload once more.
    event.payload.message = 'A part of this page could not be loaded';
    return;
  }
  sessionStorage.setItem(RELOADED, location.href);
  event.preventDefault();
  location.reload();
});

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1_000,
      // What the server refuses, it refuses again.
      retry: (failures, error) =>
        failures < MOST_TRIES && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
