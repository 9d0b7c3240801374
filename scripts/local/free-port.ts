import { createServer } from 'node:net';

/** A port of the loopback interface that was free a moment ago; with `from`, the first free one at or above it. */
export async function freePort(from?: number): Promise<number> {
  if (from === undefined) return await tryPort(0);
  for (let port = from; port < from + 200; port++) {
    try {
      return await tryPort(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new Error(`No free port from ${String(from)} to ${String(from + 199)}.`);
}

/** Binds every interface, as the web server does: on one alone a port that another program holds looks free. */
function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      server.close(() => { resolve(bound); });
    });
  });
}
