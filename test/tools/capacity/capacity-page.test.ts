import fs from 'node:fs'
import path from 'node:path'
import { CAPACITY_PAGE, capacityPage } from '../../../tools/capacity/capacity-page.ts'
import { PROJECT_ROOT } from '../../support/source-files.ts'

describe('capacityPage', () => {
  it('has been written (npm run capacity -- --write)', () => {
    expect(fs.readFileSync(path.join(PROJECT_ROOT, CAPACITY_PAGE), 'utf8')).toBe(capacityPage())
  })

  it('has a row for each size', () => {
    for (const size of ['1 k', '100 k', '1 M', '10 M']) expect(capacityPage()).toContain(`\n| ${size} | `)
  })
})
