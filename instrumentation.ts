/** Runs once at server start. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === 'nodejs') {
    const { boundHeapGrowth, checkEnvironment } = await import('./lib/startup');
    checkEnvironment();
    boundHeapGrowth();
  }
}
