import { LitElement } from 'lit'

/** A part of the page that renders into the document itself, so that labels, errors and styles reach across parts. */
export abstract class View extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this
  }
}

/** Defines an element once: two scripts of one document may both bring it. */
export function define(name: string, element: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, element)
}
