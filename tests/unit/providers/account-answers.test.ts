import { expect, test } from 'vitest';
import { AccountAnswers } from '../../../lib/providers/account-answers';

test('one address is asked once, also by those who come while it is asked', async () => {
  const account = new AccountAnswers();
  let asked = 0;
  const ask = async (): Promise<number> => { await Promise.resolve(); return ++asked; };
  const first = account.once('/a', ask);
  expect(account.isAsking).toBe(true);
  expect(await Promise.all([first, account.once('/a', ask), account.once('/b', ask)])).toEqual([1, 1, 2]);
  expect(account.isAsking).toBe(false);
  expect(await account.once('/a', ask)).toBe(1);
  expect(asked).toBe(2);
});

test('a failure is that of all who waited, and the next asks again', async () => {
  const account = new AccountAnswers();
  const fail = async (): Promise<string> => { await Promise.resolve(); throw new Error('down'); };
  const waited = await Promise.allSettled([account.once('/a', fail), account.once('/a', () => Promise.resolve('up'))]);
  expect(waited.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(account.isAsking).toBe(false);
  expect(await account.once('/a', () => Promise.resolve('up'))).toBe('up');
});
