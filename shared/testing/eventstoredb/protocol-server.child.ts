import process, { argv } from 'node:process';
import { startProtocolServer } from './protocol-server.js';
import type { ToParent, ToServer } from './protocol-server-process.js';

/*
 * The protocol server as a process of its own, to be killed: `protocol-server.child.js FOLDER PORT`,
 * with port 0 for any that is free. It lives no longer than the process that started it.
 */

const [, , folder = '', port = '0'] = argv;

const server = await startProtocolServer({ folder, port: Number(port) });

process.on('message', ({ misbehaviour }: ToServer) => {
  server.misbehave(misbehaviour);
  tell({ kind: 'planned' });
});
process.on('disconnect', () => process.exit());
tell({ kind: 'ready', port: server.port });

function tell(message: ToParent): void {
  process.send?.(message);
}
