import { Link } from '@tanstack/react-router';
import { shortId } from '../lib/say.ts';

interface Linked {
  dispatch_id: string;
  campaign_id?: string;
  campaign_name?: string;
}

/** Leads to a dispatch by the name of its campaign, with the id beside it. One without a campaign has only its own id. */
export function DispatchLink({ dispatch_id: id, campaign_id: campaign, campaign_name: name }: Linked) {
  return (
    <>
      <Link to="/dispatches/$dispatch" params={{ dispatch: id }}>
        {name ?? campaign ?? <code className="nw">{shortId(id)}</code>}
      </Link>
      {name !== undefined && campaign !== undefined && name !== campaign && (
        <>
          {' '}
          <code className="sub mut">{shortId(campaign)}</code>
        </>
      )}
    </>
  );
}
