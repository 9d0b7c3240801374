import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UserError } from './fail';

/** Reads a secret from standard input: typed without an echo in a terminal, else all of a pipe. */
export async function readSecret(prompt: string): Promise<string> {
  const secret = (process.stdin.isTTY ? await askHidden(prompt) : await readAll()).trim();
  if (!secret) throw new UserError('Nothing came from standard input. Pipe the token in, for example: npm run … < token.txt');
  return secret;
}

async function readAll(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}

async function askHidden(prompt: string): Promise<string> {
  process.stderr.write(`${prompt}: `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => { done(); } });
  const reader = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.question('', resolve);
      reader.once('SIGINT', () => { reject(new UserError('Stopped; nothing was stored.')); });
    });
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
