/** One line of a plot; `dashed` for a limit. Values must be above zero. */
export interface PlotLine {
  readonly label: string
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly color: PlotColor
  readonly dashed?: boolean
}

/** A colour that is told apart from the others in light and in dark, by most people. */
export type PlotColor = 'blue' | 'orange' | 'green' | 'red'

/** What is drawn: both axes are logarithmic, with a grid line for each power of ten. */
export interface Plot {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly xRange: readonly [from: number, to: number]
  readonly yRange: readonly [from: number, to: number]
  readonly lines: readonly PlotLine[]
  /** How a number of the y axis is written. */
  readonly yText: (value: number) => string
}

const WIDTH = 820
const HEIGHT = 460
/** Room around the plot, in px: lines are named at their right end. */
const AREA = { left: 92, right: WIDTH - 190, top: 58, bottom: HEIGHT - 62 }
/** Names that would overlap are moved apart by this, in px. */
const LABEL_SPACING = 17

/** Light first; the viewer's preference for dark turns it over, in a browser and in a repository's page alike. */
const STYLE = `
    svg { font: 13px system-ui, sans-serif; background: #ffffff }
    .back { fill: #ffffff } text { fill: #3d444d } .title { font-size: 17px; font-weight: 600; fill: #1f2328 }
    .grid { stroke: #d8dee4 } .axis { stroke: #818b98 } .line { fill: none; stroke-width: 2.4; stroke-linejoin: round }
    .blue { stroke: #0a66c2 } .orange { stroke: #bc4c00 } .green { stroke: #1a7f37 } .red { stroke: #cf222e }
    .name.blue { fill: #0a66c2 } .name.orange { fill: #bc4c00 } .name.green { fill: #1a7f37 } .name.red { fill: #cf222e }
    .name { stroke: none; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      svg { background: #0d1117 } .back { fill: #0d1117 } text { fill: #b7bdc8 } .title { fill: #f0f6fc }
      .grid { stroke: #2a313c } .axis { stroke: #656c76 }
      .blue { stroke: #58a6ff } .orange { stroke: #f0883e } .green { stroke: #3fb950 } .red { stroke: #ff7b72 }
      .name.blue { fill: #58a6ff } .name.orange { fill: #f0883e } .name.green { fill: #3fb950 } .name.red { fill: #ff7b72 }
      .name { stroke: none }
    }
  `

/** The plot as an SVG document of its own; the same input gives the same text. */
export function svgPlot(plot: Plot): string {
  const x = scale(plot.xRange, AREA.left, AREA.right)
  const y = scale(plot.yRange, AREA.bottom, AREA.top)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">`,
    `<title>${escaped(plot.title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="back" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="24" y="32">${escaped(plot.title)}</text>`,
    ...grid(plot, x, y),
    ...plot.lines.map((line) => path(line, x, y)),
    ...names(plot.lines, y),
    '</svg>',
    '',
  ].join('\n')
}

type Scale = (value: number) => number

function scale([from, to]: Plot['xRange'], start: number, end: number): Scale {
  const span = Math.log10(to / from)
  return (value) => start + (Math.log10(value / from) / span) * (end - start)
}

function grid(plot: Plot, x: Scale, y: Scale): string[] {
  const middle = (AREA.left + AREA.right) / 2
  return [
    ...powersOfTen(plot.xRange).flatMap((value) => [
      segment('grid', x(value), AREA.top, x(value), AREA.bottom),
      `<text x="${px(x(value))}" y="${AREA.bottom + 20}" text-anchor="middle">${shortCount(value)}</text>`,
    ]),
    ...powersOfTen(plot.yRange).flatMap((value) => [
      segment('grid', AREA.left, y(value), AREA.right, y(value)),
      `<text x="${AREA.left - 10}" y="${px(y(value) + 4)}" text-anchor="end">${escaped(plot.yText(value))}</text>`,
    ]),
    segment('axis', AREA.left, AREA.bottom, AREA.right, AREA.bottom),
    `<text x="${middle}" y="${HEIGHT - 18}" text-anchor="middle">${escaped(plot.xLabel)}</text>`,
    `<text transform="translate(22 ${(AREA.top + AREA.bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(plot.yLabel)}</text>`,
  ]
}

function path(line: PlotLine, x: Scale, y: Scale): string {
  const points = line.points.map(([across, up]) => `${px(x(across))} ${px(y(up))}`).join(' L ')
  const dashes = line.dashed === true ? ' stroke-dasharray="7 5"' : ''
  return `<path class="line ${line.color}"${dashes} d="M ${points}"/>`
}

/** Each line's name at its right end; from the bottom up, no name lies over another. */
function names(lines: readonly PlotLine[], y: Scale): string[] {
  const ends = lines
    .map((line) => ({ line, at: y(line.points.at(-1)?.[1] ?? 1) }))
    .sort((a, b) => b.at - a.at)
  let above = Number.POSITIVE_INFINITY
  return ends.map(({ line, at }) => {
    above = Math.min(at, above - LABEL_SPACING)
    return `<text class="name ${line.color}" x="${AREA.right + 9}" y="${px(above + 4)}">${escaped(line.label)}</text>`
  })
}

function powersOfTen([from, to]: Plot['xRange']): number[] {
  const first = Math.ceil(Math.log10(from))
  return Array.from({ length: Math.floor(Math.log10(to)) - first + 1 }, (_, i) => 10 ** (first + i))
}

function segment(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** `1 k`, `10 M`: a power of ten as people say it. */
export function shortCount(value: number): string {
  if (value >= 1e9) return `${value / 1e9} G`
  if (value >= 1e6) return `${value / 1e6} M`
  return value >= 1e3 ? `${value / 1e3} k` : String(value)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
