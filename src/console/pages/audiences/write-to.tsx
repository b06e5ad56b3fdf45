import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type Whom, writeTo } from '../../lib/compose-draft.ts';
import { useMay, useMe } from '../../lib/session.ts';

/** Takes the people to Compose, where they take the place of whom the draft was for. null: the JSON is not complete. */
export function WriteTo({ whom }: { whom: Whom | null }) {
  const maySend = useMay('sender');
  const me = useMe();
  const navigate = useNavigate();
  const [problem, setProblem] = useState<string | null>(null);
  if (!maySend || me.data === undefined) return null;
  const { name } = me.data.operator;
  const go = () => {
    if (whom === null) return;
    const said = writeTo(name, whom);
    setProblem(said);
    if (said === null) navigate({ to: '/compose' });
  };
  return (
    <>
      <button type="button" className="btn" disabled={whom === null} onClick={go}>
        Write to them
      </button>
      {problem !== null && (
        <p className="md refusal" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
