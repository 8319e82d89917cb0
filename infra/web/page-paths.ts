/**
 * The views of the page: a path under `/vault` that names another one is answered like any unknown one. The same list
 * is in the embedded server's routes and in the function at the edge.
 */
export const PAGE_VIEWS = ['connections', 'add', 'health', 'activity', 'settings'] as const

/**
 * What CloudFront runs on a request for the page (cloudfront-js-2.0): every view is the same document, the root leads
 * there, and an unknown view is told so.
 */
export const EDGE_FUNCTION = `
var VIEW = /^\\/vault(?:\\/?|\\/(?:${PAGE_VIEWS.join('|')})(?:\\/[^/]+)?)$/
function handler(event) {
  var request = event.request
  if (request.uri === '/') {
    return { statusCode: 302, statusDescription: 'Found', headers: { location: { value: '/vault' } } }
  }
  if (VIEW.test(request.uri)) {
    request.uri = '/vault/index.html'
    return request
  }
  if (request.uri === '/vault/config.json' || request.uri === '/vault/picker.js') return request
  return { statusCode: 404, statusDescription: 'Not Found' }
}
`
