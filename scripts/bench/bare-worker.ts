/**
 * The floor: the same requests with the same agent settings, at the same fixed concurrency, every body parsed
 * as JSON, and nothing else. No validation, no dates, no database.
 */
import { Agent, type Dispatcher } from 'undici';
import {
  CONNECT_TIMEOUT_MS, DEFAULT_BODY_TIMEOUT_MS, DEFAULT_HEADERS_TIMEOUT_MS, KEEP_ALIVE_MS, MAX_CONNECTIONS_PER_ORIGIN,
} from '../../lib/providers/http';
import { measured, type Cost } from './measure';
import type { RecordedRequest } from './recording';
import { serveCommands } from './rpc';

export interface ReplayInput {
  requests: RecordedRequest[];
  /** Requests under way at once. */
  concurrency: number;
  profileFile?: string;
}

export interface ReplayResult {
  cost: Cost;
  requests: number;
  bytes: number;
}

export interface BareCommands {
  replay: (input: ReplayInput) => Promise<ReplayResult>;
}

/** As in lib/providers/http.ts. */
const AGENT: Agent.Options = {
  connections: MAX_CONNECTIONS_PER_ORIGIN,
  keepAliveTimeout: KEEP_ALIVE_MS,
  headersTimeout: DEFAULT_HEADERS_TIMEOUT_MS,
  bodyTimeout: DEFAULT_BODY_TIMEOUT_MS,
  connect: { timeout: CONNECT_TIMEOUT_MS },
};

async function replay({ requests, concurrency, profileFile }: ReplayInput): Promise<ReplayResult> {
  const agent = new Agent(AGENT);
  let next = 0;
  let bytes = 0;
  const takeUntilDone = async (): Promise<void> => {
    for (let request = requests[next++]; request; request = requests[next++]) {
      const received = await fetchAndParse(agent, request);
      bytes += received;
    }
  };
  const { cost } = await measured(async () => {
    await Promise.all(Array.from({ length: Math.min(concurrency, requests.length) }, takeUntilDone));
  }, profileFile);
  await agent.destroy();
  return { cost, requests: requests.length, bytes };
}

/** @returns bytes of the body */
function fetchAndParse(agent: Agent, { origin, path, headers }: RecordedRequest): Promise<number> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart() {
        // undici asks for it.
      },
      onResponseStart(_controller, status) {
        if (status !== 200) reject(new Error(`${origin}${path} answered ${String(status)}`));
      },
      onResponseData(_controller, chunk) {
        bytes += chunk.length;
        chunks.push(chunk);
      },
      onResponseEnd() {
        JSON.parse((chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8'));
        resolve(bytes);
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    };
    agent.dispatch({ origin, path, method: 'GET', headers }, handler);
  });
}

serveCommands<BareCommands>({ replay });
