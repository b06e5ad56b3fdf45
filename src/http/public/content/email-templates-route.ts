import {
  createEmailTemplate,
  findEmailTemplate,
  listEmailTemplates,
  updateEmailTemplate,
} from '../../../content/email-templates.ts';
import type { Database } from '../../../db/database.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Answer, Route, RouteRequest } from '../../route.ts';
import { readNewTemplate, readTemplateChange, requireId } from './email-templates-request.ts';
import { listParameters, readPage, refusable } from './shared-request.ts';

export interface ContentRouteDeps {
  db: Database;
  clock: Clock;
}

/** Stored email templates. Source: adjacent-endpoints.md §6.1. */
export function emailTemplateRoutes({ db, clock }: ContentRouteDeps): Route[] {
  return [
    {
      method: 'POST',
      path: '/templates/email/create',
      permission: 'templates.email.create',
      handle: refusable(async ({ body, workspaceId }) => {
        const id = await createEmailTemplate(db, workspaceId, { ...readNewTemplate(body), now: clock.now() });
        return { status: 201, body: { email_template_id: id, message: 'success' } };
      }),
    },
    {
      method: 'POST',
      path: '/templates/email/update',
      permission: 'templates.email.update',
      handle: refusable(async ({ body, workspaceId }) => {
        const id = await updateEmailTemplate(db, workspaceId, { ...readTemplateChange(body), now: clock.now() });
        // Not 201, because a public client takes nothing but this.
        return { status: 200, body: { email_template_id: id, message: 'success' } };
      }),
    },
    {
      method: 'GET',
      path: '/templates/email/info',
      permission: 'templates.email.info',
      query: ['email_template_id'],
      handle: refusable((request) => info(db, request)),
    },
    {
      method: 'GET',
      path: '/templates/email/list',
      permission: 'templates.email.list',
      query: listParameters,
      handle: refusable((request) => list(db, request)),
    },
  ];
}

async function info(db: Database, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const found = await findEmailTemplate(db, workspaceId, requireId(query.get('email_template_id') ?? undefined));
  const { subject, preheader = '', body, plaintext_body = '', should_inline_css = false } = found.texts;
  return {
    status: 200,
    body: {
      email_template_id: found.id,
      template_name: found.name,
      description: '',
      ...{ subject, preheader, body, plaintext_body, should_inline_css },
      tags: found.tags,
      created_at: found.created_at.toISOString(),
      updated_at: found.updated_at.toISOString(),
      message: 'success',
    },
  };
}

async function list(db: Database, { query, workspaceId }: RouteRequest): Promise<Answer> {
  const found = await listEmailTemplates(db, workspaceId, readPage(query));
  const templates = found.map(({ id, name, tags, created_at, updated_at }) => ({
    email_template_id: id,
    template_name: name,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
    tags,
  }));
  return { status: 200, body: { count: templates.length, templates, message: 'success' } };
}
