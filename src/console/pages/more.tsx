import { Link } from '@tanstack/react-router';
import { useTitle } from '../lib/title.ts';
import { Icon } from '../parts/icon.tsx';
import { entries } from '../shell/entries.ts';

/** The entries that have no room in the bar of a phone. */
export function More() {
  useTitle('More');
  return (
    <div className="page">
      <h1>More</h1>
      <nav className="nav morelist" aria-label="More">
        {entries
          .filter(({ isOnPhone }) => !isOnPhone)
          .map(({ path, name, icon }) => (
            <Link key={path} to={path}>
              <Icon name={icon} />
              {name}
            </Link>
          ))}
      </nav>
    </div>
  );
}
