'use client';

import { Bar, CartesianGrid, ComposedChart, Legend, Line, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { ReactNode } from 'react';

export interface ChartPoint {
  /** Epoch milliseconds. */
  at: number;
  seconds: number | null;
  refreshed: number;
  /** By kind, under the kind's name. */
  errors: Record<string, number>;
}

const HEIGHT = 190;
const SHADES = ['var(--fill-bad)', 'var(--fill-warn)', 'var(--fill-violet)', 'var(--fill-info)', 'var(--fill-off)'];
const AXIS = { stroke: 'var(--line-strong)', tick: { fill: 'var(--text-soft)', fontSize: 11 }, tickLine: false } as const;
const MARGIN = { top: 6, right: 4, bottom: 0, left: 0 };

const clock = (at: number): string => new Date(at).toISOString().slice(11, 16);

/** How long sweeps took beside how many calendars they refreshed, and what failed, by kind. Times are UTC. */
export function SweepCharts({ points, kinds, budgetSeconds }: { points: ChartPoint[]; kinds: { kind: string; name: string }[]; budgetSeconds: number }): ReactNode {
  const time = <XAxis dataKey="at" type="category" tickFormatter={clock} minTickGap={40} {...AXIS} />;
  const grid = <CartesianGrid stroke="var(--line)" vertical={false} />;
  const longest = Math.max(0, ...points.map(({ seconds }) => seconds ?? 0));
  return (
    <div className="charts">
      <figure>
        <figcaption className="small faint">Seconds a sweep took, and calendars refreshed</figcaption>
        <ResponsiveContainer width="100%" height={HEIGHT}>
          <ComposedChart data={points} margin={MARGIN} title="Seconds a sweep took, and calendars refreshed" accessibilityLayer={false}>
            {grid}{time}
            <YAxis yAxisId="seconds" width={34} unit=" s" allowDecimals={false} {...AXIS} />
            <YAxis yAxisId="count" orientation="right" width={40} allowDecimals={false} {...AXIS} />
            <Tooltip content={<Tip />} isAnimationActive={false} />
            <Legend iconSize={9} wrapperStyle={{ fontSize: 12 }} />
            {longest > budgetSeconds / 2 && <ReferenceLine yAxisId="seconds" y={budgetSeconds} stroke="var(--fill-warn)" strokeDasharray="4 3" label={{ value: 'budget', fontSize: 11, fill: 'var(--text-soft)', position: 'insideTopLeft' }} />}
            <Bar yAxisId="seconds" dataKey="seconds" name="seconds" fill="var(--fill-info)" maxBarSize={14} isAnimationActive={false} />
            <Line yAxisId="count" dataKey="refreshed" name="refreshed" stroke="var(--fill-good)" strokeWidth={2} dot={false} isAnimationActive={false} />
          </ComposedChart>
        </ResponsiveContainer>
      </figure>
      <figure>
        <figcaption className="small faint">Failed refreshes, by kind</figcaption>
        {kinds.length === 0 ? <p className="reading">Nothing failed in these hours.</p> : (
          <ResponsiveContainer width="100%" height={HEIGHT}>
            <ComposedChart data={points} margin={MARGIN} title="Failed refreshes, by kind" accessibilityLayer={false}>
              {grid}{time}
              <YAxis width={34} allowDecimals={false} {...AXIS} />
              <Tooltip content={<Tip />} isAnimationActive={false} />
              <Legend iconSize={9} wrapperStyle={{ fontSize: 12 }} />
              {kinds.map(({ kind, name }, index) => <Bar key={kind} dataKey={({ errors }: ChartPoint) => errors[kind] ?? 0} name={name} stackId="errors" fill={SHADES[index % SHADES.length] ?? ''} maxBarSize={14} isAnimationActive={false} />)}
            </ComposedChart>
          </ResponsiveContainer>
        )}
      </figure>
    </div>
  );
}

interface TipEntry { name?: string | number; value?: unknown; color?: string }

function Tip({ active, payload, label }: { active?: boolean; payload?: TipEntry[]; label?: number | string }): ReactNode {
  if (active !== true || !payload) return null;
  return (
    <div className="chart-tip">
      <strong>{typeof label === 'number' ? `${clock(label)} UTC` : label}</strong>
      {payload.filter(({ value }) => value !== 0 && value !== null).map(({ name, value, color }) => <div key={String(name)}><span className="swatch" style={{ background: color }} aria-hidden="true" /> {name} <b>{String(value)}</b></div>)}
    </div>
  );
}
