import { checkName, isValid, textOf } from '../http/fields'
import type { FieldErrors, Params } from '../http/fields'
import { problemOfSubdomain, subdomainOf } from '../tenants/subdomain'

/** What stands in the form. */
export interface SignUp {
  readonly name: string
  /** As it was typed; may be empty. */
  readonly subdomain: string
  readonly errors: FieldErrors
}

/** An empty form. */
export const BLANK: SignUp = { name: '', subdomain: '', errors: {} }

/** What was sent, with what is wrong in it. */
export function signUpOf(params: Params): SignUp {
  const [name, subdomain] = [textOf(params, 'name'), textOf(params, 'subdomain').trim()]
  const errors = checkName(name)
  if (!isValid(errors)) return { name, subdomain, errors }
  const problem = problemOfSubdomain(wantedSubdomain({ name, subdomain }))
  return problem === undefined ? { name, subdomain, errors } : refused({ name, subdomain }, problem)
}

/** The subdomain that was typed, or else the one that the name makes. Case does not count in an address. */
export function wantedSubdomain({ name, subdomain }: Pick<SignUp, 'name' | 'subdomain'>): string {
  return subdomain === '' ? subdomainOf(name) : subdomain.toLowerCase()
}

/** The form again where the subdomain can't be had. Who typed none learns which field helps. */
export function refused({ name, subdomain }: Pick<SignUp, 'name' | 'subdomain'>, problem: string): SignUp {
  if (subdomain !== '') return { name, subdomain, errors: { subdomain: [problem] } }
  const made = subdomainOf(name)
  const reason = made === '' ? 'makes no address' : `makes the address "${made}", which ${problem}`
  return {
    name,
    subdomain,
    errors: { name: [`${reason}. Choose one below.`], subdomain: ["can't be blank here"] },
  }
}
