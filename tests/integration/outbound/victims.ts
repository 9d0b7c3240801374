/** What an attacker would like to reach: servers on this machine that count whoever comes, and every socket that this process opens. */
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, Socket, type AddressInfo, type Server as TcpServer } from 'node:net';
import { vi } from 'vitest';

export interface Victims {
  /** Listening at 127.0.0.1 and ::1, on one port. */
  port: number;
  /** A provider of ours that redirects to what its query says. */
  provider: string;
  /** Connections that any victim saw since `watch`. */
  connections: () => number;
  /** Requests that the provider saw, by their headers. */
  providerRequests: () => { authorization: string | undefined }[];
  /** Sockets opened since `watch`, that are not to the provider. */
  sockets: () => { connected: boolean; bytesWritten: number }[];
  /** The address that the next socket is given for a name. */
  nextAddress: () => Promise<string | undefined>;
  watch: () => void;
  close: () => Promise<void>;
}

const listen = (server: Server | TcpServer, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
const isRefused = (error: unknown): boolean => error instanceof Error && 'code' in error && ['EACCES', 'EADDRNOTAVAIL', 'EADDRINUSE', 'EAFNOSUPPORT'].includes(String(error.code));

export async function startVictims(): Promise<Victims> {
  let connections = 0;
  const count = (): TcpServer => createTcpServer((socket) => { connections += 1; socket.destroy(); });
  const [first, onIpv6] = [count(), count()];
  const port = await listen(first, 0, '127.0.0.1');
  const servers: (Server | TcpServer)[] = [first];
  // Where the guard would let a literal go if it misread it; needs the right to open low ports, and IPv6.
  for (const [server, at, host] of [[onIpv6, port, '::1'], [count(), 443, '0.0.0.0'], [count(), 443, '::1'], [count(), 80, '0.0.0.0']] as const) {
    try {
      await listen(server, at, host);
      servers.push(server);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  let requests: { authorization: string | undefined }[] = [];
  const provider = createServer((request, response) => {
    requests.push({ authorization: request.headers.authorization });
    response.writeHead(302, { location: Buffer.from(new URL(request.url ?? '/', 'http://x').searchParams.get('to') ?? '', 'base64url').toString('latin1') }).end();
  });
  const providerPort = await listen(provider, 0, '127.0.0.1');
  servers.push(provider);

  // Every socket of this process, TLS or not, whoever listens at the other end.
  let sockets: { socket: Socket; connected: boolean; port: number | undefined }[] = [];
  let onAddress: ((address: string | undefined) => void) | undefined;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the socket it is of
  const { connect } = Socket.prototype;
  const spy = vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const seen: (typeof sockets)[number] = { socket: this, connected: false, port: undefined };
    sockets.push(seen);
    this.once('connectionAttempt', (address: string) => onAddress?.(address));
    this.once('lookup', (_error: Error | null, address: string | undefined) => onAddress?.(address));
    this.once('connect', () => { seen.connected = true; seen.port = this.remotePort; });
    return Reflect.apply(connect, this, args) as Socket;
  });

  return {
    port,
    provider: `http://127.0.0.1:${String(providerPort)}`,
    connections: () => connections,
    providerRequests: () => requests,
    sockets: () => sockets.filter(({ port: at }) => at !== providerPort).map(({ socket, connected }) => ({ connected, bytesWritten: socket.bytesWritten })),
    nextAddress: () => new Promise((resolve) => { onAddress = resolve; }),
    watch: () => { connections = 0; requests = []; sockets = []; },
    close: async () => {
      spy.mockRestore();
      await Promise.all(servers.map((server) => new Promise((done) => { server.close(done); if ('closeAllConnections' in server) server.closeAllConnections(); })));
    },
  };
}
