'use client';

import dynamic from 'next/dynamic';

/** The chart's library comes after the page: nothing waits for it, and a page without charts does not carry it. */
export const SweepChartsLater = dynamic(() => import('./sweep-charts').then((module) => module.SweepCharts), {
  ssr: false,
  loading: () => <p className="reading charts-reading" role="status">Drawing…</p>,
});
