import { countCharacters } from '../../../shared/domain/characters.ts'

describe('countCharacters', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['é日', 2],
    ['😀', 1],
    ['😀😀a😀', 4],
    ['\ud800\udc00\udbff\udfff', 2],
    ['\ud7ff\udc00\ue000\ud800\udbff', 5],
    ['\ud83d', 1],
    ['\ude00\ud83d', 2],
    ['\ud83d\ud83d\ude00\ude00', 3],
    ['a\ude00', 2],
  ])('counts %j as %i', (text, count) => {
    expect(countCharacters(text)).toBe(count)
    expect(countCharacters(text)).toBe([...text].length)
  })
})
