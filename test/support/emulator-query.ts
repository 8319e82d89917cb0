import { type EmulatorName, emulatorClientConfig } from './emulator-under-test.ts'

/** An emulator checks no signature, and tells services apart by its scope. */
const signatureOf = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`

/** The XML that an emulator's query API answers, of a service whose client nothing else needs; throws with a refusal. */
export async function askEmulator(
  emulator: EmulatorName,
  service: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const response = await fetch(emulatorClientConfig(emulator).endpoint, {
    method: 'POST',
    headers: { authorization: signatureOf(service) },
    body: new URLSearchParams(parameters),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${parameters['Action']}: ${response.status} ${text.slice(0, 2000)}`)
  return text
}

/** The texts of all elements of that name. */
export function textsOf(answer: string, tag: string): string[] {
  return [...answer.matchAll(new RegExp(`<${tag}>([^<]+)</${tag}>`, 'g'))].map(([, text = '']) => text)
}
