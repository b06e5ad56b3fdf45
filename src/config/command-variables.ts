/** The variables that only one command reads. The others pass over them, because a shell may export them for all. */
export const commandVariables = {
  mcpUrl: 'CRESSET_MCP_URL',
  mcpKey: 'CRESSET_MCP_KEY',
  shadowKey: 'CRESSET_SHADOW_KEY',
} as const;
