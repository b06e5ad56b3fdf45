import { useState } from 'react';
import { type Reference, resolved, type Schema } from './document.ts';
import { Line } from './prose.tsx';

interface Props {
  schema: Schema;
  document: Reference;
}

/** The members of a schema. What is inside of a member is made when it is opened, so schemas may refer to themselves. */
export function SchemaMembers({ schema: given, document }: Props) {
  const { schema } = resolved(given, document);
  const { properties = {}, required = [], anyOf, items, additionalProperties } = schema;
  const members = Object.entries(properties);
  if (members.length === 0 && items !== undefined) return <SchemaMembers schema={items} document={document} />;
  return (
    <ul className="members">
      {members.map(([name, member]) => (
        <Member key={name} name={name} schema={member} document={document} isRequired={required.includes(name)} />
      ))}
      {anyOf?.filter(hasMore).map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the forms of a schema do not move
        <Member key={at} name={`form ${at + 1}`} schema={one} document={document} isRequired={false} />
      ))}
      {typeof additionalProperties === 'object' && (
        <Member name="any name" schema={additionalProperties} document={document} isRequired={false} />
      )}
    </ul>
  );
}

function Member({ name, schema: given, document, isRequired }: Props & { name: string; isRequired: boolean }) {
  const [isOpen, setOpen] = useState(false);
  const { schema } = resolved(given, document);
  const description = given.description ?? schema.description;
  const head = (
    <>
      <code className="m">{name}</code> <span className="mut">{typeOf(given, document)}</span>
      {isRequired && <span className="need"> required</span>}
    </>
  );
  return (
    <li>
      {opens(given, document) ? (
        <details onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>{head}</summary>
          {isOpen && <SchemaMembers schema={given} document={document} />}
        </details>
      ) : (
        <div>{head}</div>
      )}
      <p className="sm mut2">
        {description !== undefined && <Line text={description} />} <Limits of={schema} />
      </p>
    </li>
  );
}

/** Whether there is something to open. */
function opens(given: Schema, document: Reference): boolean {
  const { schema } = resolved(given, document);
  if (schema.items !== undefined) return opens(schema.items, document);
  return hasMore(schema) || (schema.anyOf?.some((one) => opens(one, document)) ?? false);
}

function hasMore({ properties, additionalProperties, items, $ref }: Schema): boolean {
  return (
    properties !== undefined || typeof additionalProperties === 'object' || items !== undefined || $ref !== undefined
  );
}

/** Such as `list of texts`, `integer or null`. */
export function typeOf(given: Schema, document: Reference): string {
  const { schema, name } = resolved(given, document);
  if (name !== null) return name;
  const { type, items, anyOf, format } = schema;
  if (anyOf !== undefined) return anyOf.map((one) => typeOf(one, document)).join(' or ');
  if (type === undefined) return 'any JSON';
  const words = [type]
    .flat()
    .map((one) => (one === 'array' ? `list of ${items === undefined ? 'anything' : typeOf(items, document)}` : one));
  return `${words.join(' or ')}${format === undefined ? '' : ` (${format})`}`;
}

const MOST_WORDS = 40;

function Limits({ of }: { of: Schema }) {
  const { enum: all, minimum, maximum, minLength, maxLength, minItems, maxItems, pattern } = of;
  const range = (least: number | undefined, most: number | undefined, what: string) =>
    least === undefined && most === undefined ? [] : [`${least ?? 'any'} to ${most ?? 'any'}${what}`];
  const facts = [
    ...range(minimum, maximum, ''),
    ...range(minLength, maxLength, ' characters'),
    ...range(minItems, maxItems, ' entries'),
    ...(pattern === undefined ? [] : [`as ${pattern}`]),
  ];
  return (
    <>
      {facts.join(', ')}
      {all !== undefined && (
        <span className="words">
          {all.slice(0, MOST_WORDS).map((word) => (
            <code key={String(word)}>{String(word)}</code>
          ))}
          {all.length > MOST_WORDS && ` and ${all.length - MOST_WORDS} more`}
        </span>
      )}
    </>
  );
}
