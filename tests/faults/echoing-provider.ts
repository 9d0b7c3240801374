/**
 * The worst provider: whatever token it is sent, it says again, in every place an answer has. So it does with the end of an
 * address that is itself a secret: `/alarm/…` and `/heartbeat/…`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EchoingProvider {
  origin: string;
  /** `vendor way`, for every way that a vendor's token was said. */
  said: Set<string>;
  close: () => Promise<void>;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}
const WAYS: ((token: string) => Answer)[] = [
  (token) => ({ status: 401, body: { message: `Token ${token} is not valid` } }),
  (token) => ({ status: 400, body: { message: ['refused', token], details: [{ message: `no ${token}` }, { message: encodeURIComponent(token) }] } }),
  (token) => ({ status: 200, body: { [token]: 1, allUsersBusyTimes: [], linkAvailability: { linkAvailabilityByDuration: { [token]: token } }, '2027-01-01': { slots: { [token]: 1 } }, collection: [{ status: token, [token]: token }], data: [{ [token]: 1 }] } }),
  (token) => ({ status: 302, headers: { location: `/said/${token}/${encodeURIComponent(token)}?token=${token}` }, body: '' }),
  (token) => ({ status: 429, headers: { 'retry-after': token, 'x-ratelimit-reset': token, 'x-said': token }, body: { message: `slow down, ${token}` } }),
  (token) => ({ status: 200, headers: { 'content-type': 'text/html' }, body: `<p>${token}</p>` }),
  (token) => ({ status: 500, body: { error: token, data: { message: `key=${token}`, success: false } } }),
  (token) => ({ status: 200, body: { resource: { uri: `https://api.example/${token}`, current_organization: token, active: false, name: token, duration: 30, scheduling_url: token }, data: { success: false, message: `refused: ${token}` }, calendar: { id: token, isActive: false, slotDuration: 30, slotDurationUnit: 'mins' } } }),
  (token) => ({ status: 403, body: { message: token.slice(0, 20), details: [{ message: token.slice(20) }] } }),
];
export const WAY_COUNT = WAYS.length;

/** @param vendorOf whose token it is */
export async function startEchoingProvider(vendorOf: (token: string) => string): Promise<EchoingProvider> {
  const said = new Set<string>();
  const turns = new Map<string, number>();
  const server = createServer((request, response) => {
    request.resume();
    const token = /^\/(?:alarm|heartbeat)\/(.+)$/.exec(request.url ?? '')?.[1] ?? (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const vendor = token === '' ? 'public' : vendorOf(token);
    const turn = turns.get(vendor) ?? 0;
    turns.set(vendor, turn + 1);
    // A redirect's target is another turn: the way goes on from there.
    const way = turn % WAYS.length;
    said.add(`${vendor} ${String(way)}`);
    const { status, headers, body } = WAYS[way]?.(token) ?? { status: 500, body: '' };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    said,
    origin: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => { server.close(done); });
    },
  };
}
