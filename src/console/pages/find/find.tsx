import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { change } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useTitle } from '../../lib/title.ts';
import { Loaded } from '../../parts/loaded.tsx';

interface Match {
  kind: string;
  id: string;
  title: string;
  detail: string;
}

interface Found {
  is_api_key: boolean;
  matches: Match[];
  looked_up_as: string[];
}

const kindNames: Readonly<Record<string, string>> = {
  dispatch: 'Dispatch',
  request: 'Request id',
  provider_message: 'Id of a provider',
  external_id: 'External id',
  alias: 'Alias',
  braze_id: 'Braze id',
  email: 'Email address',
  phone: 'Phone number',
  token: 'Push token',
  campaign: 'Campaign',
  segment: 'Segment',
  group: 'Subscription group',
  app: 'App',
  send_id: 'Send id',
  key: 'API key',
};

/** What the text in the fragment means. A single match opens at once. */
export function Find() {
  const { hash } = useLocation();
  const text = decoded(hash);
  const navigate = useNavigate();
  useTitle('Find');
  const found = useQuery({
    queryKey: ['find', text],
    queryFn: () => change<Found>('POST', 'find', { text }),
    enabled: text !== '',
  });
  const things = found.data === undefined ? [] : distinct(found.data.matches);
  const [only] = things;
  const path = things.length === 1 && only !== undefined ? pathOf(only) : null;
  useEffect(() => {
    if (path !== null) navigate({ to: path, replace: true });
  }, [path, navigate]);
  if (text === '')
    return (
      <div className="page">
        <h1>Find anything by its id</h1>
        <p className="mut2">Paste an id, an address, a token or a name into the field above.</p>
      </div>
    );
  return (
    <div className="page">
      <Loaded query={found}>{(data) => <Matches text={text} found={data} />}</Loaded>
    </div>
  );
}

function Matches({ text, found }: { text: string; found: Found }) {
  const { matches, is_api_key: isKey, looked_up_as: kinds } = found;
  if (isKey) return <h1>This is an API key. It was not searched for, and it is not kept.</h1>;
  if (matches.length === 0)
    return (
      <>
        <h1>
          Nothing is called <span className="mono1">{text}</span>
        </h1>
        <p className="mut2">
          Looked up as {counted(kinds.length, 'kind')}. A dispatch is gone once its day is older than the days that are
          kept.
        </p>
      </>
    );
  return (
    <>
      <h1>
        {counted(matches.length, 'match', 'matches')} for <span className="mono1">{text}</span>
      </h1>
      <table className="stk">
        <thead>
          <tr>
            <th scope="col">As</th>
            <th scope="col">What</th>
            <th scope="col">More</th>
          </tr>
        </thead>
        <tbody>
          {matches.map((match) => (
            <tr key={`${match.kind} ${match.id}`}>
              <td>{kindNames[match.kind] ?? match.kind}</td>
              <td>
                <Thing match={match} />
              </td>
              <td className="l2 mut2">{match.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Thing({ match }: { match: Match }) {
  const path = pathOf(match);
  return path === null ? match.title : <Link to={path}>{match.title}</Link>;
}

/** Where a thing has its page. null: it has none. */
function pathOf({ kind, id }: Match): string | null {
  if (['dispatch', 'request', 'provider_message'].includes(kind)) return `/dispatches/${id}`;
  if (['external_id', 'alias', 'braze_id', 'email', 'phone', 'token'].includes(kind)) return `/people/${id}`;
  return null;
}

/** A person who has several of the names, or a dispatch, is one thing. */
function distinct(matches: readonly Match[]): Match[] {
  return [...new Map(matches.map((match) => [pathOf(match) ?? `${match.kind} ${match.id}`, match])).values()];
}

function decoded(hash: string): string {
  try {
    return decodeURIComponent(hash).trim();
  } catch {
    return hash; // a lone % is part of what was pasted
  }
}
