import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP server that can be closed at once, whatever hangs on it. */
export interface Listener {
  origin: string;
  host: string;
  close(): Promise<void>;
}

const MAX_REQUEST_BODY_BYTES = 1024 * 1024;

export type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

export async function listen(host: string, port: number, handle: Handle): Promise<Listener> {
  const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000, requestTimeout: 0 }, (request, response) => {
    if (request.method === 'GET' || request.method === 'HEAD') handle(request, response, '');
    else readBody(request, response, (body) => handle(request, response, body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // A sweep opens many connections at once; none of them may be refused.
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  return {
    origin: `http://${host}:${address.port}`,
    host: `${host}:${address.port}`,
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function readBody(request: IncomingMessage, response: ServerResponse, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_REQUEST_BODY_BYTES) {
      response.writeHead(413, { connection: 'close' }).end();
      request.destroy();
    } else chunks.push(chunk);
  });
  request.on('end', () => {
    if (size <= MAX_REQUEST_BODY_BYTES) done(Buffer.concat(chunks).toString('utf8'));
  });
  // A caller that goes away mid-body is its own affair.
  request.on('error', () => undefined);
}
