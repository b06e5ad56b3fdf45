import type { CallToolResult, McpServer, ToolAnnotations } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Api } from './api.ts';
import { bounded } from './bounded.ts';
import { refusalText } from './refusal.ts';

/** What a call of a tool has beside its arguments. `signal`: aborted when the client no longer waits. */
export interface Call {
  api: Api;
  signal: AbortSignal;
}

interface Definition<I extends z.ZodObject> {
  name: string;
  title: string;
  /** For the assistant: what it answers, and which permission of the key it needs. */
  description: string;
  /** Arguments that are not listed are refused. */
  input: I;
  /** The members of the answer that are worth a word. All are optional, and there may be others. */
  output: Record<string, z.ZodType>;
  annotations: ToolAnnotations;
  /** How to get what an answer that is too large leaves out. */
  more?: string;
  /** Returns the answer. What it throws becomes an error of the tool. */
  run(input: z.infer<I>, call: Call): Promise<object>;
}

/** A tool, to be registered. */
export interface Tool {
  name: string;
  register(server: McpServer, api: Api): void;
}

/** A tool that changes nothing, and asks only the Cresset. */
export const reading: ToolAnnotations = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};

const usualMore = 'To see more, ask for less at once: with a smaller limit, or a filter.';
const cut = z.array(z.string()).describe('What is not shown because the answer is too large, and how to get it.');

export function defineTool<I extends z.ZodObject>(definition: Definition<I>): Tool {
  const { name, title, description, input, output, annotations, more = usualMore, run } = definition;
  const optional = Object.fromEntries(Object.entries({ ...output, cut }).map(([key, one]) => [key, one.optional()]));
  const outputSchema = z.looseObject(optional);
  const inputSchema: z.ZodObject = input;
  return {
    name,
    register(server, api) {
      server.registerTool(name, { title, description, annotations, inputSchema, outputSchema }, async (given, ctx) => {
        try {
          // The schema has read the arguments.
          const answer = await run(given as z.infer<I>, { api, signal: ctx.mcpReq.signal });
          return answered(bounded(answer, more));
        } catch (error) {
          return { isError: true, content: [{ type: 'text', text: refusalText(error, api.url) }] };
        }
      });
    },
  };
}

/** Clients that do not read structured content find the same as text. */
function answered(answer: Record<string, unknown>): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(answer) }], structuredContent: answer };
}
