import type { Token } from './migration-scanner'

type Block = 'begin' | 'case' | 'case value' | 'if' | 'loop' | 'repeat' | 'while' | 'for'

/** What has a body of statements, which may hold semicolons. */
export const ROUTINES: ReadonlySet<string> = new Set(['procedure', 'function', 'trigger', 'event', 'package'])
const OTHER_OBJECTS = new Set([
  'table',
  'view',
  'index',
  'sequence',
  'database',
  'schema',
  'user',
  'role',
  'server',
])
/** First words of a body that is one statement. */
const SIMPLE = new Set([
  'set',
  'insert',
  'update',
  'delete',
  'replace',
  'select',
  'call',
  'return',
  'with',
  'signal',
])
/** `END IF` and its like. */
const TYPED_ENDS = new Set(['if', 'case', 'loop', 'repeat', 'while', 'for'])

/**
 * Tells which semicolons are inside the body of a procedure, function, trigger or event, without DELIMITER. Fed with the
 * tokens of one statement; keeps a stack of what is open:
 *
 * | opened by | where | closed by |
 * |---|---|---|
 * | BEGIN | anywhere in the body | END |
 * | IF, CASE, LOOP, REPEAT, WHILE, FOR | where a statement begins | END IF, END CASE, ... |
 * | CASE | elsewhere: a value | END |
 */
export class Nesting {
  /** Why the end of the statement can't be known. */
  problem: string | undefined
  readonly #stack: Block[] = []
  #kind: 'unknown' | 'plain' | 'routine' = 'unknown'
  #object = ''
  #parentheses = 0
  /** The head of the routine is over; a body may begin. */
  #isBehindHead = false
  #hasBody = false
  #isAfterEnd = false
  #before = ''

  /** Whether the statement goes on behind a semicolon that was just fed. */
  get isOpen(): boolean {
    return this.#stack.length > 0
  }

  /** Takes the next token of the statement. */
  feed(token: Token): void {
    const text = token.type === 'word' || token.type === 'mark' ? token.text.toLowerCase() : ''
    if (this.#kind === 'unknown') this.#readKind(text)
    else if (this.#kind === 'routine') {
      if (this.#isAfterEnd && this.#close(text)) return
      if (this.#isBehindHead) this.#readBody(text)
      else this.#readHead(text)
    }
    this.#before = text
  }

  #readKind(text: string): void {
    if (this.#before === '' && text !== 'create' && text !== 'alter') this.#kind = 'plain'
    else if (OTHER_OBJECTS.has(text)) this.#kind = 'plain'
    else if (ROUTINES.has(text)) {
      this.#kind = 'routine'
      this.#object = text
    }
  }

  #readHead(text: string): void {
    if (text === '(') this.#parentheses += 1
    if (text === ')') this.#parentheses -= 1
    this.#isBehindHead =
      this.#object === 'trigger'
        ? this.#before === 'each' && text === 'row'
        : this.#object === 'event'
          ? text === 'do'
          : text === ')' && this.#parentheses === 0
  }

  #readBody(text: string): void {
    if (this.#before === '.') return
    const begins = this.#canBegin()
    if (text === 'end') this.#isAfterEnd = this.isOpen
    else if (text === 'begin') this.#stack.push('begin')
    else if (text === 'case') this.#stack.push(begins ? 'case' : 'case value')
    else if (begins && TYPED_ENDS.has(text)) this.#stack.push(text as Block)
    else if (SIMPLE.has(text)) this.#hasBody = true
    if (this.isOpen) this.#hasBody = true
  }

  /** Whether a statement may begin here: IF is a function elsewhere, REPEAT too, and CASE a value. */
  #canBegin(): boolean {
    const top = this.#stack.at(-1)
    switch (this.#before) {
      case ';':
      case ':':
      case 'begin':
      case 'loop':
      case 'repeat':
        return true
      case 'then':
      case 'else':
        return top !== undefined && top !== 'case value'
      case 'do':
        return top === undefined || top === 'while' || top === 'for'
      default:
        return top === undefined && !this.#hasBody
    }
  }

  /** Closes the block of an END by the word behind it. True where that word belongs to the END. */
  #close(text: string): boolean {
    this.#isAfterEnd = false
    const block = this.#stack.pop()
    const isTyped = block !== 'case value' && TYPED_ENDS.has(text)
    if (isTyped ? block !== text : block !== 'begin' && block !== 'case value') {
      this.problem = `END${isTyped ? ` ${text.toUpperCase()}` : ''} closes ${String(block).toUpperCase()}`
    }
    if (isTyped) this.#before = 'end'
    return isTyped
  }
}
