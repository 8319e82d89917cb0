import { isOneSite } from '../../../shared/domain/one-site.ts'

describe('isOneSite', () => {
  it.each([
    ['https://login.example.com/authorize', 'https://login.example.com/token', true],
    ['https://login.example.com', 'https://api.example.com', true],
    ['https://example.com', 'https://oauth2.example.com', true],
    ['https://127.0.0.1:1', 'https://127.0.0.1:2', true],
    ['https://login.example.co.uk', 'https://api.example.co.uk', true],
    ['https://one.example.de', 'https://two.example.de', true],
    ['https://one.co.example', 'https://two.co.example', true],
    ['https://one.co.uk', 'https://two.co.uk', false],
    ['https://www.one.co.uk', 'https://www.two.co.uk', false],
    ['https://login.example.com', 'https://login.example.net', false],
    ['https://example.com', 'https://notexample.com', false],
    ['https://example.com', 'https://example.com.evil.test', false],
    ['https://10.0.0.1', 'https://10.1.0.1', false],
    ['https://localhost', 'https://other', false],
  ])('compares %s and %s as %s', (one, other, expected) => {
    expect(isOneSite(new URL(one), new URL(other))).toBe(expected)
    expect(isOneSite(new URL(other), new URL(one))).toBe(expected)
  })
})
