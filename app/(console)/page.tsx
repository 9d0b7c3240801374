import type { ReactNode } from 'react';
import { PageHead } from './_components/page-head';
import { pageTime, requireOperator } from './_server/operator';

export default async function OverviewPage(): Promise<ReactNode> {
  await requireOperator();
  return <PageHead title="Overview" readAt={pageTime()} />;
}
