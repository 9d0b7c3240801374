import Link from 'next/link';
import type { ReactNode } from 'react';
import { Empty } from './_components/empty';

export default function NotFound(): ReactNode {
  return <Empty title="There is nothing here."><p>It may have been removed. <Link href="/">Overview</Link></p></Empty>;
}
