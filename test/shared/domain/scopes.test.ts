import { ALL_SCOPES } from '../../../shared/domain/scopes.ts'

describe('ALL_SCOPES', () => {
  it('lists every permission once, under the names clients already know', () => {
    expect(ALL_SCOPES).toEqual([
      'read:flows_vault_connections',
      'create:flows_vault_connections',
      'update:flows_vault_connections',
      'delete:flows_vault_connections',
      'read:flows_vault_credentials',
      'read:flows_vault_oauth_apps',
      'create:flows_vault_oauth_apps',
      'update:flows_vault_oauth_apps',
      'delete:flows_vault_oauth_apps',
      'read:flows_vault_subscriptions',
      'create:flows_vault_subscriptions',
      'update:flows_vault_subscriptions',
      'delete:flows_vault_subscriptions',
      'read:flows_vault_events',
      'create:flows_vault_freezes',
      'delete:flows_vault_freezes',
      'read:flows_vault_permits',
      'create:flows_vault_permits',
      'delete:flows_vault_permits',
    ])
  })
})
