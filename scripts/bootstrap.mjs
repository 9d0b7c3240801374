// Runs a script (or vitest) on a fresh clone: `node scripts/bootstrap.mjs <vitest|script.ts> [args…]`.
//
// Plain JavaScript with no dependency, because node_modules may not exist yet. It installs what the
// lockfile names, generates the Prisma client when the schema is newer, then hands over: standard
// streams are the child's, signals reach it once, and its exit code becomes ours.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE = [20, 19];
/** A second Ctrl-C within this time is the same one, told twice (by the terminal and by npm). */
const SAME_SIGNAL_MS = 500;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(`This needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}. Install one from https://nodejs.org and try again.`);
}

/** Compares contents, not times: a checkout or a copy gives files any time it likes. */
function isInstalled() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === '' || entry.link) return true;
      return present[path] ? present[path].version === entry.version : entry.optional === true || entry.peer === true;
    });
  } catch {
    return false;
  }
}

function run(command, args, env = {}) {
  return new Promise((done) => {
    let output = '';
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, shell: process.platform === 'win32' && command === 'npm' });
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => done({ code: 1, output: String(error) }));
    child.on('close', (code) => done({ code: code ?? 1, output }));
  });
}

async function install() {
  if (isInstalled()) return;
  const startedAt = Date.now();
  process.stderr.write('Installing dependencies (npm ci) … ');
  const npmCli = process.env.npm_execpath;
  const isNpm = npmCli !== undefined && /npm-cli\.c?js$/.test(npmCli);
  const npm = (...args) => {
    const all = [...args, '--include=dev', '--no-audit', '--no-fund'];
    return isNpm ? run(process.execPath, [npmCli, ...all]) : run('npm', all);
  };
  let { code, output } = await npm('ci');
  // A lockfile written where some platforms' optional packages could not be seen; the versions that it has still hold.
  if (code !== 0 && output.includes('EUSAGE')) ({ code, output } = await npm('install', '--no-save'));
  if (code !== 0) fail(`failed:\n${output}`);
  process.stderr.write(`done in ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
}

async function generateClient() {
  const client = join(root, 'lib/generated/prisma/client.ts');
  const schema = join(root, 'prisma/schema.prisma');
  if (existsSync(client) && statSync(client).mtimeMs >= statSync(schema).mtimeMs) return;
  const { code, output } = await run(process.execPath, [join(root, 'scripts/prisma-generate.mjs')]);
  if (code !== 0) fail(output);
}

function handOver(target, args) {
  const isVitest = target === 'vitest';
  const nodeArgs = isVitest
    ? [join(root, 'node_modules/vitest/vitest.mjs')]
    : ['--import', 'tsx', resolve(root, target)];
  // A process group of its own, so that a terminal's Ctrl-C reaches it once: through us.
  // A script also gets a channel, whose closing tells it that we were killed.
  const child = spawn(process.execPath, [...nodeArgs, ...args], {
    cwd: root,
    detached: process.platform !== 'win32',
    stdio: isVitest ? 'inherit' : ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const lastSentAt = new Map();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - (lastSentAt.get(signal) ?? 0) < SAME_SIGNAL_MS) return;
      lastSentAt.set(signal, now);
      child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`Cannot start ${target}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

const [target, ...args] = process.argv.slice(2);
if (target === undefined) fail('usage: node scripts/bootstrap.mjs <vitest|script.ts> [arguments…]');
checkNode();
await install();
await generateClient();
handOver(target, args);
