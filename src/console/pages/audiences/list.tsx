import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { read } from '../../lib/api.ts';
import { counted } from '../../lib/say.ts';
import { useTitle } from '../../lib/title.ts';
import { Loaded } from '../../parts/loaded.tsx';
import { Table } from '../../parts/rows.tsx';
import type { Named, Offer } from './kinds.ts';

export interface AudienceOffer extends Offer {
  segments_left_out: number;
}

export function useOffer() {
  return useQuery({
    queryKey: ['audience offer'],
    queryFn: ({ signal }) => read<AudienceOffer>('audience', signal),
    staleTime: 30_000,
  });
}

/** The segments of the workspace, each of which opens in the builder. */
export function Audiences() {
  const offer = useOffer();
  useTitle('Audiences');
  return (
    <div className="page">
      <div className="row between wrap">
        <h1>{offer.data === undefined ? 'Audiences' : titleOf(offer.data)}</h1>
        <Link to="/audiences/new" className="btn pri">
          New audience
        </Link>
      </div>
      <Loaded query={offer}>
        {({ segments }) => (
          <Table<Named>
            rows={segments}
            keyOf={({ id }) => id}
            className="stk list"
            none="Segments stand here. Save an audience as one, or define them in the workspace file."
            columns={[
              {
                head: 'Segment',
                cell: ({ id, name }) => (
                  <Link to="/audiences/$segment" params={{ segment: id }}>
                    {name}
                  </Link>
                ),
              },
              { head: 'Id', className: 'p2', cell: ({ id }) => <code className="mut">{id}</code> },
            ]}
          />
        )}
      </Loaded>
    </div>
  );
}

function titleOf({ segments, segments_left_out: leftOut }: AudienceOffer): string {
  const all = counted(segments.length + leftOut, 'segment');
  return leftOut === 0 ? all : `${all}, of which the first ${segments.length} are listed`;
}
