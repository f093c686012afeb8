export { PrivateMcpServer } from './private-mcp-server.ts'
export type { BrokerProps, PrivateMcpServerProps, RelayProps } from './props.ts'
