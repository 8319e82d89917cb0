import { countCharacters } from '../../../shared/domain/characters.ts'

describe('countCharacters', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['é日', 2],
    ['😀', 1],
    ['😀😀a😀', 4],
    ['\ud83d', 1],
    ['\ude00\ud83d', 2],
    ['\ud83d\ud83d\ude00\ude00', 3],
    ['a\ude00', 2],
  ])('counts %j as %i', (text, count) => {
    expect(countCharacters(text)).toBe(count)
    expect(countCharacters(text)).toBe([...text].length)
  })
})
