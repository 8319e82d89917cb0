import fs from 'node:fs'
import path from 'node:path'
import { capacityPage } from '../../../infra/capacity/capacity-page.ts'
import { type Plot, svgPlot } from '../../../infra/capacity/svg-plot.ts'
import { PROJECT_ROOT } from '../../support/source-files.ts'

describe('capacityPage', () => {
  it.each(Object.keys(capacityPage()))('has been written to %s (npm run capacity -- --write)', (file) => {
    expect(fs.readFileSync(path.join(PROJECT_ROOT, file), 'utf8')).toBe(capacityPage()[file])
  })

  it('has a row for each size, and shows its plots', () => {
    const page = capacityPage()['docs/capacity.md']!
    for (const size of ['1 k', '100 k', '1 M', '10 M']) expect(page).toContain(`\n| ${size} | `)
    for (const file of ['capacity-rates.svg', 'capacity-cost.svg']) {
      expect(page).toContain(`(${file})`)
      expect(capacityPage()).toHaveProperty([`docs/${file}`])
    }
  })
})

describe('svgPlot', () => {
  const plot: Plot = {
    title: 'Fish & <chips>',
    xLabel: 'across',
    yLabel: 'up',
    xRange: [1, 100],
    yRange: [1, 100],
    yText: String,
    lines: [
      {
        label: 'one',
        color: 'blue',
        points: [
          [1, 1],
          [10, 10],
          [100, 100],
        ],
      },
      {
        label: 'two',
        color: 'red',
        dashed: true,
        points: [
          [1, 99],
          [100, 99],
        ],
      },
    ],
  }

  it('lays powers of ten at even distances', () => {
    expect(svgPlot(plot)).toContain('d="M 92 398 L 361 228 L 630 58"')
  })

  it('moves names apart that would lie over each other', () => {
    const heights = [...svgPlot(plot).matchAll(/class="name \w+" x="\d+" y="([\d.]+)"/g)].map(([, y]) =>
      Number(y),
    )
    expect(Math.abs(heights[0]! - heights[1]!)).toBeGreaterThanOrEqual(17)
  })

  it('escapes what people wrote, and says what it is to those who cannot see it', () => {
    expect(svgPlot(plot)).toContain('<title>Fish &amp; &lt;chips></title>')
  })

  it('can be read in the dark', () => {
    expect(svgPlot(plot)).toContain('prefers-color-scheme: dark')
  })
})
