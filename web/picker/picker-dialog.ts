import '../add/add-dialog.ts'
import dialog from '../styles/dialog.css'

/** The styles of the dialog that the picker opens. */
export const dialogSheet = new CSSStyleSheet()
dialogSheet.replaceSync(dialog)
