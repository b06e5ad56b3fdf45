import { RequestError } from '../../../errors.ts';
import type { ExportedParts } from '../../../exports/store.ts';
import { fileForms } from '../../../exports/store.ts';
import { describe, elementPath, own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty } from '../../../lib/raw/lenient.ts';
import { ObjectProblem } from '../../../lib/raw/problems.ts';
import { readName } from '../../../people/stored-text.ts';
import { idKey, type WorkspaceCatalog } from '../../../workspace/catalog.ts';

export const MOST_FIELDS = 500;
export const LONGEST_URL = 2_048;

export interface SegmentExportRequest {
  segmentId: string;
  parts: Omit<ExportedParts, 'prefix'>;
  callbackUrl: string | null;
}

/** Reads the body of /users/export/segment. Throws RequestError. Source: more-endpoints.md §4.1. */
export function readSegmentExport(body: RawObject, workspace: WorkspaceCatalog): SegmentExportRequest {
  const segmentId = readSegmentId(body, workspace);
  const fields = readNames(body, 'fields_to_export');
  if (fields.length === 0) throw new ObjectProblem('fields_to_export is required');
  const custom = readNames(body, 'custom_attributes_to_export');
  return {
    segmentId,
    parts: {
      fields,
      customAttributes: custom.length === 0 || fields.includes('custom_attributes') ? null : custom,
      form: readForm(own(body, 'output_format')),
    },
    callbackUrl: readCallback(own(body, 'callback_endpoint')),
  };
}

/** Reads `segment_id`. Throws RequestError if it names no segment. */
export function readSegmentId(body: RawObject, workspace: WorkspaceCatalog): string {
  const value = own(body, 'segment_id');
  const segment = typeof value === 'string' ? workspace.segments.get(idKey(value)) : undefined;
  if (segment === undefined || segment.archived)
    throw new RequestError('unknown_segment_id', [`segment_id: names no segment of this workspace`]);
  return segment.id;
}

function readNames(body: RawObject, member: string): string[] {
  const value = own(body, member);
  if (isEmpty(value)) return [];
  if (!Array.isArray(value)) throw new ObjectProblem(`${member}: expected an array of texts, got ${describe(value)}`);
  if (value.length > MOST_FIELDS)
    throw new ObjectProblem(`${member}: expected at most ${MOST_FIELDS} names, got ${value.length}`);
  return value.map((name, index) => readName(name, elementPath(member, index)));
}

function readForm(value: unknown): ExportedParts['form'] {
  if (isEmpty(value)) return 'zip';
  const form = fileForms.find((known) => known === value);
  if (form === undefined) throw new ObjectProblem(`output_format: expected ${fileForms.join(' or ')}`);
  return form;
}

/** Where it leads is checked when it is called, because a name may lead elsewhere by then. */
function readCallback(value: unknown): string | null {
  if (isEmpty(value)) return null;
  if (typeof value !== 'string' || value.length > LONGEST_URL || !/^https?:\/\//i.test(value) || !URL.canParse(value))
    throw new ObjectProblem(`callback_endpoint: expected an http or https URL of at most ${LONGEST_URL} characters`);
  return new URL(value).href;
}
