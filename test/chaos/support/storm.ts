import { setTimeout as sleep } from 'node:timers/promises'
import { Dice } from '../../isolation/support/dice'
import type { Blow } from './blows'
import { CliProcess } from './cli'
import type { Ending, Failure, Line } from './cli'
import type { Fleet } from './fleet'
import type { PrivateServer } from './private-server'
import type { Workshop } from './workshop'

/** Where the storm is. */
export interface Place {
  readonly workshop: Workshop
  readonly server: PrivateServer
  readonly fleet: Fleet
  /** Ends all of it. */
  readonly signal: AbortSignal
}

/** What is to happen. */
export interface StormPlan {
  readonly blows: readonly Blow[]
  /** Somebody reads in it for a while. */
  readonly heldTenant: string
  /** How many tenants can't get to the end. */
  readonly stuck: number
}

/** A failure, and how often the tenant was tried. */
export interface StormFailure extends Failure {
  readonly tries: number
}

/** What happened in a storm. */
export interface StormFigures {
  readonly blows: Readonly<Record<Blow['kind'], number>>
  readonly commands: number
  readonly retries: number
  /** Failures that commands told. */
  readonly failures: readonly StormFailure[]
  /** Commands that did not end. */
  readonly hanging: number
}

/** What a user says who wants all that can be done. */
export const MIGRATE = [
  'migrate',
  '--all',
  '--max-failures',
  '0',
  '--canary',
  '0',
  '--lock-timeout',
  '1s',
] as const
/** In which each command ends, whatever is broken meanwhile. */
export const COMMAND_LIMIT_MS = 120_000
/** A blow falls though nothing moves. */
const PATIENCE_MS = 3000
const POLL_MS = 5
const MOST_AT_ONCE = 2

/** Runs the command line again and again while blow falls upon blow, and leaves none of them running. */
export async function storm(place: Place, { blows, heldTenant, stuck }: StormPlan): Promise<StormFigures> {
  const crew = new Crew(place, stuck)
  const release = await place.fleet.hold(heldTenant)
  try {
    // Both find the same to do, and meet at each tenant.
    for (let count = 0; count < MOST_AT_ONCE; count++) crew.begin()
    for (const [index, blow] of blows.entries()) {
      await crew.progress(blow.afterDone)
      await sleep(blow.jitterMs, undefined, { signal: place.signal })
      // Not in hand for all of the storm: it is migrated in it, too.
      if (index === Math.floor(blows.length / 2)) await release()
      if (crew.isOver) break
      if (crew.running === 0) crew.begin()
      await crew.strike(blow)
    }
    await release()
    return await crew.finish()
  } finally {
    await release()
    crew.killAll()
  }
}

/** The commands of a storm. */
class Crew {
  readonly #place: Place
  readonly #stuck: number
  readonly #all: CliProcess[] = []
  readonly #endings: Promise<Ending>[] = []
  readonly #blows = { 'kill command': 0, 'second command': 0, 'kill connections': 0, 'kill server': 0 }
  readonly #failures: StormFailure[] = []
  #done = 0
  #retries = 0
  /** Some command has found nothing more to do. */
  isOver = false

  constructor(place: Place, stuck: number) {
    this.#place = place
    this.#stuck = stuck
  }

  get running(): number {
    return this.#all.filter(({ isRunning }) => isRunning).length
  }

  begin(): void {
    const command = new CliProcess(this.#place, MIGRATE, (line) => this.#note(line))
    this.#all.push(command)
    this.#endings.push(command.endWithin(COMMAND_LIMIT_MS))
  }

  /** Waits for so many tenants, in vain for a while at most. */
  async progress(count: number): Promise<void> {
    const wanted = this.#done + count
    const deadline = Date.now() + PATIENCE_MS
    while (this.#done < wanted && Date.now() < deadline && this.running > 0) await sleep(POLL_MS)
  }

  async strike({ kind, draw, downMs }: Blow): Promise<void> {
    const dice = new Dice(draw)
    const { fleet, server } = this.#place
    const running = this.#all.filter(({ isRunning }) => isRunning)
    if (kind === 'second command' && running.length >= MOST_AT_ONCE) return
    this.#blows[kind] += 1
    if (kind === 'kill server') await server.crash(downMs)
    else if (kind === 'kill connections')
      await fleet.killBackends((all) => all.filter(() => dice.chance(0.6)))
    else if (kind === 'second command') this.begin()
    else if (running.length > 0) {
      dice.pick(running).kill()
      this.begin()
    }
  }

  async finish(): Promise<StormFigures> {
    const endings = await Promise.all(this.#endings)
    const killed = endings.filter(({ code }) => code === undefined).length
    return {
      blows: this.#blows,
      commands: this.#all.length,
      retries: this.#retries,
      failures: this.#failures,
      hanging: killed - this.#blows['kill command'],
    }
  }

  killAll(): void {
    for (const command of this.#all) if (command.isRunning) command.kill()
  }

  #note({ event, tenant, tries = 0, error, done, failed, notRun }: Line): void {
    if (event === 'done') this.#done += 1
    else if (event === 'retry') this.#retries += 1
    else if (event === 'failed' && error !== undefined)
      this.#failures.push({ tenant, ...error, tries } as StormFailure)
    else if (event === 'summary' && done === 0 && notRun === 0 && failed === this.#stuck) this.isOver = true
  }
}
