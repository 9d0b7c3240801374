import { existsSync } from 'node:fs';
import { UserError } from './fail';

/** No sandbox: the pages are ours, and as root there is none. Nothing is asked of the network in the background. */
export const CHROMIUM_ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage', '--hide-scrollbars'];

export const CHROMIUM_INSTALL = 'apt-get install -y chromium';

const USUAL_PATHS = [
  '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** An installed Chromium or Chrome: `CHROMIUM_PATH`, else where systems put it. @throws UserError */
export function chromiumPath(): string {
  const given = process.env.CHROMIUM_PATH;
  const found = given ?? USUAL_PATHS.find((path) => existsSync(path));
  if (found !== undefined && existsSync(found)) return found;
  throw new UserError(given === undefined
    ? `No Chromium is installed. Install one (Debian: ${CHROMIUM_INSTALL}), or set CHROMIUM_PATH to a Chrome.`
    : `CHROMIUM_PATH names ${given}, which does not exist.`);
}
