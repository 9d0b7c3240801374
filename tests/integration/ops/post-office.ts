/** Takes what alarms are sent, over real HTTP, and fails on demand. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Post {
  path: string;
  body: Record<string, unknown>;
}

export interface PostOffice {
  url: string;
  host: string;
  received: Post[];
  /** Status of the next answers. */
  answerWith: (status: number, headers?: Record<string, string>) => void;
  close: () => Promise<void>;
}

export async function startPostOffice(): Promise<PostOffice> {
  const received: Post[] = [];
  let [status, headers] = [200, {} as Record<string, string>];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      if (status < 300) received.push({ path: request.url ?? '', body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) });
      // As Slack does: no JSON.
      response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(status < 300 ? 'ok' : 'no');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `http://${host}`, host, received,
    answerWith: (next, more = {}) => { [status, headers] = [next, more]; },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
