/** A door in front of a server on the loopback interface: a test decides when its answers get through. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Gate {
  /** host:port of the door. */
  host: string;
  /** Everything passes, also what was held back. */
  open: () => void;
  /** Requests go in, no answer comes out: a server that hangs. */
  hold: () => void;
  /** Every connection ends, new ones too: a server that is down. */
  cut: () => void;
  /** Ends the connections of this moment; new ones pass. */
  drop: () => void;
  /** New connections go to this server from now on. */
  retarget: (target: string) => void;
  close: () => Promise<void>;
}

/** @param target the URL of the server behind it */
export async function startGate(target: string): Promise<Gate> {
  let { hostname, port } = new URL(target);
  const pairs = new Map<Socket, Socket>();
  let state: 'open' | 'held' | 'cut' = 'open';

  const server = createServer((near) => {
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    pairs.set(near, far);
    const end = (): void => {
      near.destroy();
      far.destroy();
      pairs.delete(near);
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    near.pipe(far);
    if (state === 'open') far.pipe(near);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });

  const endAll = (): void => {
    for (const near of pairs.keys()) near.destroy();
  };
  return {
    host: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    open: () => {
      if (state === 'held') for (const [near, far] of pairs) far.pipe(near);
      state = 'open';
    },
    hold: () => {
      for (const [near, far] of pairs) far.unpipe(near);
      state = 'held';
    },
    drop: endAll,
    retarget: (next) => { ({ hostname, port } = new URL(next)); },
    cut: () => {
      state = 'cut';
      endAll();
    },
    close: () => new Promise((resolve) => {
      server.close(() => { resolve(); });
      endAll();
    }),
  };
}
