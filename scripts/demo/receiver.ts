import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receiver {
  url: string;
  /** For the app's list of hosts that it may call though they are not public. */
  host: string;
  close: () => void;
}

/** An agency's own webhook, as docs/follow-ups.md describes it: signatures are verified, and each follow-up counts once. */
export async function startReceiver(secret: string): Promise<Receiver> {
  const seen = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => String(request.headers[name]));
      const signed = `${id ?? ''}.${timestamp ?? ''}.${Buffer.concat(chunks).toString('utf8')}`;
      const expected = Buffer.from(`v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
      const given = Buffer.from(signature ?? '');
      const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
      if (isOurs) seen.add(id ?? '');
      response.writeHead(isOurs ? 204 : 401).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: `http://${host}/followups`, host,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
