import { groupedBlocks, plainBlocks, visibleRange } from '../../../web/list/blocks.ts'

describe('blocks of a list', () => {
  test('cut rows where the pages of the API are cut', () => {
    expect(plainBlocks(120).map((block) => (block.kind === 'rows' ? [block.start, block.end] : []))).toEqual([
      [0, 50],
      [50, 100],
      [100, 120],
    ])
  })

  test('count the rows of closed groups all the same', () => {
    const groups = [
      { app_id: 'A', count: 30 },
      { app_id: 'B', count: 40 },
    ]
    expect(groupedBlocks(groups, (app) => app === 'B')).toEqual([
      { kind: 'head', app: 'A', count: 30, isOpen: false },
      { kind: 'head', app: 'B', count: 40, isOpen: true },
      { kind: 'rows', start: 30, end: 50 },
      { kind: 'rows', start: 50, end: 70 },
    ])
  })

  test('draw what the window shows and keep the height of the rest', () => {
    const heights = new Array<number>(10).fill(2200)
    const range = visibleRange(heights, { top: 9000, height: 900 })
    expect(range).toEqual({ from: 3, to: 5, before: 6600, after: 11_000 })
    expect(visibleRange([], { top: 0, height: 900 })).toEqual({ from: 0, to: 0, before: 0, after: 0 })
  })

  test('show the end of a list that has become shorter than what was scrolled', () => {
    expect(visibleRange([100, 100], { top: 50_000, height: 900 })).toMatchObject({ from: 1, to: 2 })
  })
})
