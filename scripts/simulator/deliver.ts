import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults';
import { type Answer, html } from './http';
import type { Timers } from './timers';
import { breakShape } from './wrong-shape';

/** Puts an answer on the wire, whole or with the fault that was chosen for it. */

export interface Delivery {
  request: IncomingMessage;
  response: ServerResponse;
  timers: Timers;
  requiredFields: readonly string[];
  /** The true answer; computed late, so that it tells of the instant it is sent. */
  answer(isEmpty: boolean): Answer;
  errorAnswer(status: number, message: string | undefined): Answer;
  count(bytes: number): void;
}

const DRIP_TICK_MS = 100;
const HUGE_CHUNK_BYTES = 64 * 1024;

export function deliver(delivery: Delivery, fault: Fault | undefined): void {
  // Whatever comes next, the request has done its work; a reset in mid-body does it anyway.
  if (fault && 'isCarriedOut' in fault && fault.isCarriedOut && !isMidBody(fault)) delivery.answer(false);
  switch (fault?.kind) {
    case undefined:
      send(delivery, delivery.answer(false));
      break;
    case 'slow':
      delivery.timers.after(fault.ms, () => send(delivery, delivery.answer(false)));
      break;
    case 'hang':
      break;
    case 'empty':
      send(delivery, delivery.answer(true));
      break;
    case 'drip':
      drip(delivery, delivery.answer(false), fault.bytesPerSecond);
      break;
    case 'reset':
      reset(delivery, fault.when);
      break;
    case 'status':
      sendStatus(delivery, fault);
      break;
    case 'html':
      send(delivery, html(BOT_WALL));
      break;
    case 'cut':
      cut(delivery, delivery.answer(false), fault.variant);
      break;
    case 'wrong': {
      const answer = delivery.answer(false);
      send(delivery, { ...answer, body: breakShape(answer.body, delivery.requiredFields, fault.field) });
      break;
    }
    case 'huge':
      huge(delivery, fault.bytes, fault.declareLength);
      break;
    case 'redirect':
      redirect(delivery, fault.status, fault.location);
      break;
    case 'redirectPrivate':
      redirect(delivery, 302, fault.location);
      break;
    case 'redirectLoop':
      redirect(delivery, 302, `http://${delivery.request.headers.host ?? ''}${delivery.request.url ?? '/'}`);
      break;
  }
}

const BOT_WALL =
  '<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>';

function isMidBody(fault: Fault): boolean {
  return fault.kind === 'reset' && fault.when === 'mid-body';
}

function send(delivery: Delivery, answer: Answer): void {
  const { response } = delivery;
  if (response.destroyed) return;
  delivery.count(answer.body.length);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
  response.end(answer.body);
}

function sendStatus(delivery: Delivery, fault: Extract<Fault, { kind: 'status' }>): void {
  const answer = delivery.errorAnswer(fault.status, fault.message);
  const retryAfter: Record<string, string> =
    fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  send(delivery, { ...answer, headers: { ...answer.headers, ...retryAfter, ...fault.headers } });
}

function drip(delivery: Delivery, answer: Answer, bytesPerSecond: number): void {
  const { response, timers } = delivery;
  if (response.destroyed) return;
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
  response.flushHeaders();
  const perTick = Math.max(1, Math.round((bytesPerSecond * DRIP_TICK_MS) / 1000));
  const tickMs = Math.max(DRIP_TICK_MS, 1000 / bytesPerSecond);
  const writeFrom = (offset: number): void => {
    if (response.destroyed) return;
    const piece = answer.body.subarray(offset, offset + perTick);
    delivery.count(piece.length);
    response.write(piece);
    if (offset + perTick >= answer.body.length) response.end();
    else timers.after(tickMs, () => writeFrom(offset + perTick));
  };
  writeFrom(0);
}

function reset(delivery: Delivery, when: 'before-headers' | 'mid-body'): void {
  const { request, response } = delivery;
  if (when === 'before-headers') {
    request.socket.resetAndDestroy();
    return;
  }
  const answer = delivery.answer(false);
  const half = answer.body.subarray(0, Math.ceil(answer.body.length / 2));
  delivery.count(half.length);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length });
  response.write(half, () => {
    request.socket.resetAndDestroy();
  });
}

function cut(
  delivery: Delivery,
  answer: Answer,
  variant: Extract<Fault, { kind: 'cut' }>['variant'],
): void {
  const { request, response } = delivery;
  if (response.destroyed) return;
  const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
  if (variant === 'short-length') {
    send(delivery, { ...answer, body: half });
    return;
  }
  delivery.count(half.length);
  if (variant === 'chunked') {
    response.writeHead(answer.status, { ...answer.headers, 'transfer-encoding': 'chunked' });
    response.end(half);
    return;
  }
  if (variant === 'unmarked') {
    response.useChunkedEncodingByDefault = false;
    response.shouldKeepAlive = false;
    response.writeHead(answer.status, { ...answer.headers, connection: 'close' });
    response.end(half);
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length, connection: 'close' });
  response.write(half, () => {
    request.socket.end();
  });
}

/** Starts as JSON, so that nothing but its size gives it away. */
function huge(delivery: Delivery, bytes: number, declareLength: boolean): void {
  const { response } = delivery;
  if (response.destroyed) return;
  const head = Buffer.from('{"padding":"');
  const tail = Buffer.from('"}');
  const chunk = Buffer.alloc(HUGE_CHUNK_BYTES, 'x');
  let left = Math.max(0, bytes - head.length - tail.length);
  const length = head.length + left + tail.length;
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    ...(declareLength ? { 'content-length': length } : {}),
  });
  response.write(head);
  delivery.count(head.length);
  const pump = (): void => {
    while (left > 0) {
      if (response.destroyed) return;
      const piece = chunk.subarray(0, Math.min(left, chunk.length));
      left -= piece.length;
      delivery.count(piece.length);
      if (!response.write(piece)) {
        response.once('drain', pump);
        return;
      }
    }
    response.end(tail);
  };
  pump();
}

function redirect(delivery: Delivery, status: number, location: string): void {
  send(delivery, { status, headers: { location, 'content-type': 'text/plain' }, body: Buffer.from('') });
}
