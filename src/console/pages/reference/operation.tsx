import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answerOf, bodyOf, type Operation, type Parameter, type Reference } from './document.ts';
import { Line, Prose } from './prose.tsx';
import { SchemaMembers, typeOf } from './schema.tsx';
import { TryIt } from './try.tsx';

interface Props {
  operation: Operation;
  document: Reference;
}

/** One endpoint: what it does, takes and answers, and a call of it. */
export function OperationPage({ operation, document }: Props) {
  const { summary, description, method, path, parameters = [], responses } = operation;
  const body = bodyOf(operation);
  return (
    <>
      <p className="crumb only-phone">
        <Link to="/reference">All endpoints</Link>
      </p>
      <div className="sec">
        <h1>{summary}</h1>
        <p className="oppath">
          <code className={`verb ${method}`}>{method}</code> <code>{path}</code>
        </p>
        {description !== undefined && <Prose text={description} />}
        <Rate operation={operation} />
      </div>
      <div className="opsplit">
        <div className="sec gap24">
          {parameters.length > 0 && <Parameters all={parameters} document={document} />}
          {body !== null && (
            <section className="sec">
              <h2>Body</h2>
              <SchemaMembers schema={body.schema} document={document} />
            </section>
          )}
          <section className="sec">
            <h2>Answers</h2>
            {Object.entries(responses).map(([status, response]) => (
              <Answer key={status} status={status} of={answerOf(response, document)} document={document} />
            ))}
          </section>
        </div>
        <TryIt operation={operation} document={document} />
      </div>
    </>
  );
}

function Rate({ operation }: { operation: Operation }) {
  const rate = operation['x-cresset-rate'];
  if (rate === undefined) return null;
  return (
    <p className="sm mut">
      Counted with <code>{rate.bucket}</code>.
    </p>
  );
}

function Parameters({ all, document }: { all: readonly Parameter[]; document: Reference }) {
  return (
    <section className="sec">
      <h2>Parameters</h2>
      <ul className="members">
        {all.map(({ name, in: where, required, description, schema }) => (
          <li key={`${where} ${name}`}>
            <code className="m">{name}</code>{' '}
            <span className="mut">
              {where}, {typeOf(schema, document)}
            </span>
            {required === true && <span className="need"> required</span>}
            <p className="sm mut2">
              <Line text={description ?? schema.description ?? ''} />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Answer({
  status,
  of: { description, schema },
  document,
}: {
  status: string;
  of: ReturnType<typeof answerOf>;
  document: Reference;
}) {
  const [isOpen, setOpen] = useState(status.startsWith('2'));
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)} className="answer">
      <summary>
        <code className="m">{status}</code>{' '}
        <span className="mut2 md">
          <Line text={description} />
        </span>
      </summary>
      {isOpen && schema !== null && <SchemaMembers schema={schema} document={document} />}
    </details>
  );
}
