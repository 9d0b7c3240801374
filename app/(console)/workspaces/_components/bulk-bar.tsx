'use client';

import { useRouter } from 'next/navigation';
import type { ReactNode } from 'react';
import { plural } from '@/lib/console/words';
import { ConfirmButton } from '../../_components/confirm-button';
import { pauseAction, resumeAction } from '../_server/actions';
import styles from '../workspaces.module.css';
import { BulkRefresh } from './bulk-refresh';

/** What can be done to all that are selected; it stays in sight. */
export function BulkBar({ ids, onClear, children }: { ids: string[]; onClear: () => void; children: ReactNode }): ReactNode {
  const router = useRouter();
  const many = plural(ids.length, 'workspace');
  const done = async (form: FormData, action: (form: FormData) => Promise<string | null>): Promise<string | null> => {
    const problem = await action(form);
    if (problem === null) {
      onClear();
      router.refresh();
    }
    return problem;
  };
  const field = <input type="hidden" name="ids" value={JSON.stringify(ids)} />;
  return (
    <div className={styles.bulk} role="region" aria-label="Selected workspaces">
      <div className="row">{children}</div>
      <div className="row">
        <BulkRefresh ids={ids} />
        <ConfirmButton
          title={`Pause ${many}?`} confirm={`Pause ${many}`} fields={field} action={(form) => done(form, pauseAction)}
          what="No sweep, no offers and no alarms until they are resumed. Readers are told that they are paused and get no times."
        >
          Pause
        </ConfirmButton>
        <ConfirmButton title={`Resume ${many}?`} confirm={`Resume ${many}`} fields={field} action={(form) => done(form, resumeAction)} what="The next sweep reads their calendars. A pause of their agency or provider stays.">
          Resume
        </ConfirmButton>
        <button type="button" className="button quiet" onClick={onClear}>Clear</button>
      </div>
    </div>
  );
}
