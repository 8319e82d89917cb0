import { scopesNotGranted, splitGranted } from '../../../shared/domain/granted-scopes.ts'

const GRAPH = 'https://graph.microsoft.com'

describe('splitGranted', () => {
  it.each([
    ['repo gist', ['repo'], ['repo', 'gist']],
    ['gist,repo', ['repo', 'gist'], ['gist', 'repo']],
    ['gist, repo', [], ['gist', 'repo']],
    ['gist+repo', ['repo'], ['gist', 'repo']],
    [' gist  gist ', [], ['gist']],
    ['a,b c', ['a,b', 'c'], ['a,b', 'c']],
    ['c++ d', ['c++'], ['c++', 'd']],
    ['', ['a'], []],
  ])('reads %j, where %j was asked for', (text, asked, scopes) => {
    expect(splitGranted(text, asked)).toEqual(scopes)
  })
})

describe('scopesNotGranted', () => {
  it.each([
    ['order', ['repo', 'gist'], ['gist', 'repo']],
    ['commas', ['repo', 'gist'], ['gist,repo']],
    ['case', ['user.read'], ['User.Read']],
    ['more than was asked for', ['read'], ['read', 'write']],
    ['Entra’s default', [`${GRAPH}/.default`], ['User.Read', 'Mail.Read']],
    ['the default of an application of one’s own', ['api://app-1/.default', 'offline_access'], ['access']],
    ['a resource that is left out', [`${GRAPH}/User.Read`], ['User.Read']],
    ['a resource that is added', ['User.Read', 'Mail.Read'], [`${GRAPH}/Mail.Read`, `${GRAPH}/User.Read`]],
    ['a resource of one’s own', ['api://app-1/access'], ['access']],
    ['a slash too many', ['https://mail.google.com'], ['https://mail.google.com/']],
    ['identity scopes', ['openid', 'profile', 'email', 'read'], ['read']],
    ['offline_access', ['read', 'offline_access'], ['read']],
    ['one that is several', ['a,b'], ['b', 'a']],
    ['one that holds a comma', ['a,b'], ['a,b']],
  ])('finds nothing missing for the sake of %s', (_what, asked, granted) => {
    expect(scopesNotGranted(asked, granted, { hasRefreshToken: true })).toEqual([])
  })

  it.each([
    ['one of two', ['repo', 'gist'], ['gist'], ['repo']],
    ['all, of an empty list', ['repo'], [], ['repo']],
    ['one that begins alike', ['read:things'], ['read'], ['read:things']],
    ['one that ends alike', ['Read'], ['User.Read'], ['Read']],
    [
      'the same name of another resource',
      ['https://a.example/read'],
      ['https://b.example/read'],
      ['https://a.example/read'],
    ],
    ['one beside the default', [`${GRAPH}/.default`, 'x'], ['User.Read'], ['x']],
    ['one of several in one', ['a,b'], ['a'], ['a,b']],
  ])('tells what is truly missing: %s', (_what, asked, granted, missing) => {
    expect(scopesNotGranted(asked, granted, { hasRefreshToken: true })).toEqual(missing)
  })

  it('takes a refresh token for what offline_access asks for', () => {
    expect(scopesNotGranted(['offline_access'], [], { hasRefreshToken: false })).toEqual(['offline_access'])
    expect(scopesNotGranted(['offline_access'], ['offline_access'], { hasRefreshToken: false })).toEqual([])
  })

  it.each([
    ['a broader one', ['repo', 'public_repo'], ['repo'], []],
    ['a broader one of the same family', ['admin:org', 'read:org'], ['admin:org'], []],
    ['a broader one of another family', ['admin:org', 'read:key'], ['admin:org'], ['read:key']],
    ['a narrower one', ['repo', 'public_repo'], ['public_repo'], ['repo']],
    ['one that begins alike', ['repository', 'public_repo'], ['repository'], ['public_repo']],
  ])('takes what a provider leaves out beside %s as granted with it', (_what, asked, granted, missing) => {
    const covers = { repo: ['public_repo'], 'admin:*': ['write:*', 'read:*'] }
    expect(scopesNotGranted(asked, granted, { hasRefreshToken: true, covers })).toEqual(missing)
  })
})
