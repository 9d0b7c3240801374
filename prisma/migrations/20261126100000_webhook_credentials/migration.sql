-- What it changes: a workspace may have a webhook of its own, with its signing secret.
-- Does the previous version of the app work beside it? Yes: it never meets the new value.

-- AlterEnum
ALTER TYPE "CredentialProvider" ADD VALUE 'webhook';
