/** The last work of each tenant that was told to wait for the one before it. */
export type Lines = Map<string, Promise<unknown>>

/** Runs work when the tenant's earlier work of the same lines has ended, however it ended; another's is not waited for. */
export async function oneAtATime<Result>(
  lines: Lines,
  tenant: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const mine = (lines.get(tenant) ?? Promise.resolve()).then(work, work)
  lines.set(tenant, mine)
  try {
    return await mine
  } finally {
    if (lines.get(tenant) === mine) lines.delete(tenant)
  }
}
