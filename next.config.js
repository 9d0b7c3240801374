import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @type {import('next').NextConfig} */
const config = {
  poweredByHeader: false,
  // Loaded from node_modules at run time: they use Node's own modules and gain nothing from bundling.
  serverExternalPackages: ['pg', 'pino', 'undici', '@prisma/adapter-pg'],
  // The app alone: a deployment does not depend on the types of tests and scripts (`npm run typecheck` does).
  typescript: { tsconfigPath: 'tsconfig.build.json' },
  turbopack: { root: dirname(fileURLToPath(import.meta.url)) },
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'x-content-type-options', value: 'nosniff' },
        // Not `no-referrer`: browsers then send `Origin: null` with a form, which a change is checked by.
        { key: 'referrer-policy', value: 'same-origin' },
        { key: 'x-frame-options', value: 'DENY' },
      ],
    },
  ],
};

export default config;
