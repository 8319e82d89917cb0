import controls from '../styles/controls.css'
import picker from '../styles/picker.css'
import theme from '../styles/theme.css'

/** The styles that the picker brings with it, whatever its host looks like. */
export const sheets: CSSStyleSheet[] = [theme, controls, picker].map((text) => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  return sheet
})
