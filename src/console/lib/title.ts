import { useEffect } from 'react';

/** Says in the tab of the browser what the page shows. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Cresset`;
  }, [title]);
}
