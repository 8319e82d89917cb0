import * as z from 'zod/mini'
import { VaultError } from '../../shared/domain/errors.ts'
import type { ChangePreview } from '../../shared/use-cases/connections/preview-change.ts'

/** What a create or an update would do, as `dry_run` tells it. */
export const changePreviewSchema = z.strictObject({
  dry_run: z.literal(true),
  changes: z.array(z.string()),
  held_grant: z.enum(['none', 'kept', 'replaced', 'ended']),
  new_grant: z.enum(['none', 'minted', 'exchanged', 'imported', 'authorized']),
  missing_scopes: z.array(z.string()),
})

/** The answer of a create with `dry_run`, for the OpenAPI document. */
export const CREATE_PREVIEW: z.output<typeof changePreviewSchema> = {
  dry_run: true,
  changes: ['name', 'setup'],
  held_grant: 'none',
  new_grant: 'authorized',
  missing_scopes: [],
}

/** The preview as it is answered. */
export function changePreviewView(preview: ChangePreview): z.output<typeof changePreviewSchema> {
  return {
    dry_run: true,
    changes: [...preview.changes],
    held_grant: preview.heldGrant,
    new_grant: preview.newGrant,
    missing_scopes: [...preview.missingScopes],
  }
}

/** A dry run asks no provider, and so cannot verify. */
export function refuseVerifiedDryRun({ verify }: { readonly verify?: boolean | undefined }): void {
  if (verify !== true) return
  throw new VaultError('invalid-query', 'A dry run asks no provider', {
    field: 'verify',
    allowed: 'leaving verify or dry_run out',
  })
}
