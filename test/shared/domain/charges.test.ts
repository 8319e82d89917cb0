import {
  addressHolder,
  chargeForAnswer,
  chargeForRows,
  rateOf,
  UNITS_PAID,
} from '../../../shared/domain/charges.ts'

describe('rateOf', () => {
  it('follows the requests that the operator allows, and is never nothing', () => {
    expect(rateOf('requests', 500)).toEqual({ perSecond: 500, burst: 500 })
    expect(rateOf('fetches', 500)).toEqual({ perSecond: 5000, burst: 5000 })
    expect(rateOf('complaints', 500)).toEqual({ perSecond: 100, burst: 100 })
    expect(rateOf('complaints', 1)).toEqual({ perSecond: 1, burst: 1 })
    expect(rateOf('unknown', 500)).toEqual({ perSecond: 500, burst: 500 })
  })
})

describe('chargeForRows', () => {
  it('costs a request for each hundred rows as lists need them, and a tenth of it for those passed by', () => {
    expect(chargeForRows({ read: 10_000, skipped: 0, listed: true })).toBe(100)
    expect(chargeForRows({ read: 50, skipped: 10_000, listed: true })).toBe(10.5)
  })

  it('costs three times as much for whole rows, of which a request has paid for a page', () => {
    expect(chargeForRows({ read: 9_900, skipped: 0, listed: false })).toBe(300)
    expect(chargeForRows({ read: 100, skipped: 0, listed: false }) - UNITS_PAID).toBe(0)
  })
})

describe('chargeForAnswer', () => {
  it('costs nothing for a page, and a request for each 32 KiB', () => {
    expect(chargeForAnswer(32_767)).toBe(0)
    expect(chargeForAnswer(327_680)).toBe(10)
  })
})

describe('addressHolder', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:1::', '2001:db8:1:0::/64'],
    ['2001::2:3:4:5:6:7', '2001:0:2:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::ffff:192.0.2.7', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['fe80::1%eth::0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('counts %j as %j', (address, of) => {
    expect(addressHolder(address)).toEqual({ budget: 'unknown', of })
  })
})
