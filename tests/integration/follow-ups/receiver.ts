/** An agency's own webhook: keeps what it was sent, verifies each signature by itself, and fails on demand. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  key: string;
  message: string;
  body: unknown;
  isSigned: boolean;
}

export type Behaviour = { kind: 'accept' } | { kind: 'status'; status: number; headers?: Record<string, string> } | { kind: 'cut' };

export interface Receiver {
  url: string;
  host: string;
  received: Received[];
  /** What happens to the next requests. */
  behave: (behaviour: Behaviour) => void;
  /** Called when a request has arrived, before it is answered. */
  onArrival: (listener: (() => void) | undefined) => void;
  close: () => Promise<void>;
}

export async function startReceiver(secret: string): Promise<Receiver> {
  const received: Received[] = [];
  let behaviour: Behaviour = { kind: 'accept' };
  let listener: (() => void) | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const body = JSON.parse(text) as { message: string };
      const id = String(request.headers['webhook-id']);
      const expected = `v1,${createHmac('sha256', secret).update(`${id}.${String(request.headers['webhook-timestamp'])}.${text}`).digest('base64')}`;
      const isSigned = request.headers['webhook-signature'] === expected && request.headers['idempotency-key'] === id;
      if (behaviour.kind !== 'status') received.push({ key: id, message: body.message, body, isSigned });
      listener?.();
      if (behaviour.kind === 'cut') request.socket.destroy();
      else if (behaviour.kind === 'status') response.writeHead(behaviour.status, behaviour.headers).end();
      else response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/followups`, host: `127.0.0.1:${port}`, received,
    behave: (next) => { behaviour = next; },
    onArrival: (next) => { listener = next; },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
