import type { Answer } from './caller'
import { writerOf } from './ledger'
import type { Finding } from './ledger'
import type { Planned } from './schedule'

/** SQLSTATEs and messages of queries that were cancelled and connections that were killed while a request used them. */
const DISTURBED = [
  /^57014$/,
  /^57P01$/,
  /^ECONNRESET$/,
  /^EPIPE$/,
  /^Connection terminated/,
  /not queryable$/,
  /could not be cleared, so this connection was closed/,
]

/** Whether a failure is explained by a cancelled query or a killed backend. */
export function isDisturbed({ reply }: Answer): boolean {
  return reply.error !== undefined && isLost(reply.error)
}

/** The same of an error where it was caught. */
export function isLost({
  code = '',
  message,
}: {
  readonly code?: string | undefined
  readonly message: string
}): boolean {
  return DISTURBED.some((pattern) => pattern.test(code) || pattern.test(message))
}

/** Everything wrong with one answer. */
export function judge(planned: Planned, answer: Answer): Finding[] {
  const { kind, tenant } = planned
  const { seen, states, contexts, error } = answer.reply
  const who = `"${kind.name}" of ${tenant}`
  const findings: Finding[] = []
  if (answer.status === 0) findings.push({ type: 'unanswered', what: `${who}: ${error?.message}` })
  else if (answer.status !== 200 && !isDisturbed(answer))
    findings.push({ type: 'unexpected failure', what: `${who}: ${error?.code} ${error?.message}` })
  for (const { expected, item } of seen) {
    if (item.tenant !== expected || writerOf(item.token) !== expected)
      findings.push({ type: 'foreign row', what: `${who} read ${JSON.stringify(item)} for ${expected}` })
  }
  for (const state of states) {
    if (state !== tenant) findings.push({ type: 'foreign state', what: `${who} found what ${state} left` })
  }
  for (const [expected, found] of contexts) {
    if (found !== expected)
      findings.push({ type: 'foreign context', what: `${who} was in the context of ${found}` })
  }
  return findings
}
